import { Command, InvalidArgumentError } from "commander";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { CANDLE_INTERVALS_MS } from "#libs/market/market-data.ts";
import { moment, parseArguments, wholeNumber } from "#services/shared/arguments.ts";

/** What a person asks for. */
export interface DownloadArguments {
  readonly symbols: readonly SymbolChoice[];
  readonly intervalMs: number;
  readonly dir: string;
  readonly funding: boolean;
  readonly days: number | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** One coin, or the first of the scanner's ranking. */
export type SymbolChoice =
  | { readonly kind: "symbol"; readonly symbol: string }
  | { readonly kind: "top"; readonly count: number };

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 90;
const INTERVALS = CANDLE_INTERVALS_MS.map((intervalMs) => intervalMs / 60_000);
/** What the name of a recording can hold. */
export const FILE_SYMBOL = /^[A-Z0-9]{2,30}$/;
const TOP = /^top(\d{1,3})$/i;
const MOST_SYMBOLS = 1_000;

function symbols(text: string): readonly SymbolChoice[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.length > MOST_SYMBOLS) throw new InvalidArgumentError(`expected at most ${MOST_SYMBOLS} symbols`);
  return words.map((word) => {
    const count = Number(TOP.exec(word)?.[1] ?? "0");
    if (count > 0) return { kind: "top", count };
    if (FILE_SYMBOL.test(word) && !TOP.test(word)) return { kind: "symbol", symbol: word };
    throw new InvalidArgumentError(
      `expected symbols as the exchange writes them, such as BTCUSDT,SOLUSDT, or top30, not ${shownValue(word, 40)}`,
    );
  });
}

function interval(text: string): number {
  const minutes = INTERVALS.find((known) => String(known) === text);
  if (minutes !== undefined) return minutes * 60_000;
  throw new InvalidArgumentError(
    `expected minutes that the exchange has candles of (${INTERVALS.join(", ")}), not ${shownValue(text, 40)}`,
  );
}

/**
 * Reads the command line of `npm run download`. Null after `--help`, which has then been printed.
 * @throws ConfigurationError with what is wrong.
 */
export function parseDownloadArguments(
  args: readonly string[],
  print: (text: string) => void,
): DownloadArguments | null {
  const command = new Command("npm run -s download --")
    .description(
      "Downloads candles from Bybit into a folder of recordings. A later call fetches only what is missing.",
    )
    .requiredOption("--symbols <list>", "BTCUSDT,SOLUSDT, or top30 of the scanner's ranking", symbols)
    .requiredOption("--dir <folder>", "where the recordings go")
    .option("--interval <minutes>", `length of a candle: ${INTERVALS.join(", ")}`, interval, 60_000)
    .option("--days <number>", `days up to the end (default ${DEFAULT_DAYS})`, wholeNumber(1, 5_000))
    .option("--from <moment>", "instead of --days, for example 2026-01-15T00:00:00Z", moment)
    .option("--to <moment>", "the end (default now)", moment)
    .option("--funding", "also the settled funding rates", false);
  const given = parseArguments<{
    symbols: readonly SymbolChoice[];
    dir: string;
    interval: number;
    days?: number;
    from?: number;
    to?: number;
    funding: boolean;
  }>(command, args, print);
  if (given === null) return null;
  const { days = null, from: fromMs = null, to: toMs = null } = given;
  if (given.dir.trim() === "") throw new ConfigurationError("--dir is empty: name a folder");
  if (days !== null && fromMs !== null) {
    throw new ConfigurationError("--days and --from both say where the range begins: give one of them");
  }
  if (fromMs !== null && toMs !== null && fromMs >= toMs) {
    throw new ConfigurationError(`--from ${iso(fromMs)} is not before --to ${iso(toMs)}`);
  }
  const { symbols: chosen, interval: intervalMs, dir, funding } = given;
  return { symbols: chosen, intervalMs, dir, funding, days, fromMs, toMs };
}

/** Open times, both multiples of the interval; the end is exclusive. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The candles that are asked for and have closed at the exchange's time.
 * @throws ConfigurationError when there is none.
 */
export function windowOf(asked: DownloadArguments, exchangeMs: number): Window {
  const { intervalMs } = asked;
  const endMs = Math.min(asked.toMs ?? exchangeMs, exchangeMs);
  const toMs = Math.floor(endMs / intervalMs) * intervalMs;
  // Whole days end with the last closed candle.
  const startMs =
    asked.fromMs ??
    Math.floor((asked.toMs ?? exchangeMs) / intervalMs) * intervalMs - (asked.days ?? DEFAULT_DAYS) * DAY_MS;
  const fromMs = Math.max(0, Math.ceil(startMs / intervalMs) * intervalMs);
  if (fromMs < toMs) return { fromMs, toMs };
  throw new ConfigurationError(
    `no candle of ${intervalMs / 60_000} minutes has closed between ${iso(startMs)} and ${iso(endMs)}: ` +
      "ask for an earlier or a longer range",
  );
}

export function iso(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(".000Z", "Z");
}
