import type { Configuration } from "#libs/config/configuration.ts";
import type { EXCHANGE_SETTINGS } from "#libs/config/settings.ts";
import type { MarketKind } from "#libs/contracts/ledger-item.ts";

/** Where the prices of this process come from, as each signal says it. */
export interface SignalSource {
  readonly market: MarketKind;
  /** Null when that is not known. */
  readonly simulated: boolean | null;
}

/** Bybit's own hosts, which a user may name. */
const LIVE_HOSTS = ["api.bybit.com", "api.bytick.com"];
const TEST_HOSTS = ["api-testnet.bybit.com"];

/** A base URL of the user's choice may be Bybit in another country or an exchange simulator: nothing is guessed. */
export function signalSourceOf(
  config: Configuration<Extract<(typeof EXCHANGE_SETTINGS)[number], "BYBIT_BASE_URL" | "BYBIT_TESTNET">>,
): SignalSource {
  const { bybitBaseUrl, bybitTestnet } = config;
  if (bybitBaseUrl === undefined) return { market: bybitTestnet ? "testnet" : "bybit", simulated: false };
  const { host } = new URL(bybitBaseUrl);
  if (LIVE_HOSTS.includes(host)) return { market: "bybit", simulated: false };
  if (TEST_HOSTS.includes(host)) return { market: "testnet", simulated: false };
  return { market: "unknown", simulated: null };
}
