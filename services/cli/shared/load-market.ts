import type { Command } from "commander";
import { aggregate, divides } from "#libs/candles/aggregate.ts";
import { CandleError } from "#libs/candles/candle-error.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { joinCandles } from "#libs/candles/join-candles.ts";
import { isTimeframe, TIMEFRAMES, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { symbolSchema } from "#libs/contracts/messages.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandles } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import { BTC_SYMBOL, type StudyInput } from "#libs/strategy/study.ts";

/** The options that `withMarketOptions` adds, but for the symbol and the timeframe. */
export interface MarketFiles {
  /** One file or several of the same symbol and interval. */
  readonly candles: readonly string[];
  readonly btc?: string;
  readonly funding?: string;
}

/** Adds the options that say which recorded market to read. */
export function withMarketFiles(command: Command): Command {
  return command
    .requiredOption(
      "--candles <file...>",
      "candles as CSV, plain or gzipped: start_ms,open,high,low,close,volume,turnover; several files of one symbol are joined, quoted patterns such as 'SOLUSDT-*.csv' are expanded",
    )
    .option("--btc <file>", "candles of BTCUSDT, for the market's trend")
    .option("--funding <file>", "settled funding rates as CSV: funding_ms,rate");
}

/**
 * Reads a market from files: the candles joined to the timeframe and to every Fibonacci frame that their interval
 * divides.
 * @throws InputError naming the file and the reason.
 */
export async function loadMarket(
  files: MarketFiles,
  symbol: string,
  timeframe: Timeframe,
): Promise<StudyInput> {
  const base = await readJoined(files.candles);
  const candles = joined(base, timeframe, namesOf(files.candles));
  const btc = files.btc === undefined ? null : joined(await readCandles(files.btc), timeframe, files.btc);
  return {
    symbol,
    timeframe,
    candles,
    frameCandles: aggregateFrames(base, timeframe, candles),
    btc: symbol === BTC_SYMBOL ? null : btc,
    funding: files.funding === undefined ? null : await readFunding(files.funding),
  };
}

/** @throws InputError when it is not written as the exchange writes symbols. */
export function parseSymbol(text: string): string {
  if (symbolSchema.safeParse(text).success) return text;
  throw new InputError(
    `${JSON.stringify(text)} is not a symbol: write it as the exchange does, such as BTCUSDT`,
  );
}

/** @throws InputError naming the timeframes that there are. */
export function parseTimeframe(text: string): Timeframe {
  if (isTimeframe(text)) return text;
  throw new InputError(`${JSON.stringify(text)} is not a timeframe: choose one of ${TIMEFRAMES.join(", ")}`);
}

/** How messages name the candle files. */
export function namesOf(paths: readonly string[]): string {
  const [first = "", ...others] = paths;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

async function readJoined(paths: readonly string[]): Promise<Candles> {
  const series: Candles[] = [];
  for (const path of paths) series.push(await readCandles(path));
  try {
    return joinCandles(series);
  } catch (error) {
    if (!(error instanceof CandleError)) throw error;
    throw new InputError(`${namesOf(paths)}: the files cannot be joined: ${error.message}`, { cause: error });
  }
}

function joined(base: Candles, timeframe: Timeframe, path: string): Candles {
  const intervalMs = timeframeMs(timeframe);
  if (!divides(base.intervalMs, intervalMs)) {
    throw new InputError(
      `${path}: candles of ${base.intervalMs / 60_000} minutes cannot be joined to candles of ${timeframe}: ` +
        "the base interval must divide the timeframe",
    );
  }
  const candles = aggregate(base, intervalMs);
  if (candles.length > 0) return candles;
  throw new InputError(`${path}: ${base.length} candles do not make one whole candle of ${timeframe}`);
}
