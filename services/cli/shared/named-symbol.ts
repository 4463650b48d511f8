import { basename } from "node:path";

/** A base and a quote currency as exchanges and their exports write them: BTCUSDT, BTC-USDT, btcusdt-2025-01. */
const JOINED = /(?:^|[^A-Za-z0-9])([A-Za-z0-9]{1,15})(USDT|USDC|USD)(?![A-Za-z])/i;
const APART = /(?:^|[^A-Za-z0-9])([A-Z0-9]{2,15})[-_](USDT|USDC|USD)(?![A-Za-z])/;

/** The symbol that a file's name names, in capitals; null when it names none. */
function namedSymbol(path: string): string | null {
  const name = basename(path);
  const parts = APART.exec(name) ?? JOINED.exec(name);
  return parts === null ? null : `${parts[1]}${parts[2]}`.toUpperCase();
}

/**
 * What a person should know when a file's name contradicts what it is given for; null when it does not, or when
 * standard input has no name.
 */
export function contradictingName(option: string, path: string, symbol: string): string | null {
  const named = namedSymbol(path);
  if (named === null || named === symbol) return null;
  return `${option} ${basename(path)}: the name says ${named}, it is used as ${symbol}`;
}
