import { type Command, Option } from "commander";
import { aggregate, divides } from "#libs/candles/aggregate.ts";
import { type Candles, endMs } from "#libs/candles/candles.ts";
import { isTimeframe, TIMEFRAMES, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { symbolSchema } from "#libs/contracts/messages.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandleSegments } from "#libs/recordings/read-candles.ts";
import { FUNDING_UNITS, type FundingUnit, readFundingHistory } from "#libs/recordings/read-funding.ts";
import { GAP_POLICIES, type GapPolicy, type ReadOptions } from "#libs/recordings/read-options.ts";
import { parseTimeZone } from "#libs/recordings/text/time-zone.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import { BTC_SYMBOL, type StudyInput } from "#libs/strategy/study.ts";

/** The options that `withMarketFiles` adds. */
export interface MarketFiles extends ReadingOptions {
  /** One file or several of the same symbol and interval. */
  readonly candles: readonly string[];
  readonly btc?: string;
  readonly funding?: string;
}

/** What files do not say themselves. */
export interface ReadingOptions {
  /** Of times without a zone. */
  readonly timeZone?: string;
  readonly gaps?: GapPolicy;
  readonly fundingUnit?: FundingUnit;
}

/** Adds the options that say which recorded market to read, and how. */
export function withMarketFiles(command: Command): Command {
  return command
    .requiredOption(
      "--candles <file...>",
      "candles as CSV or JSON, plain, gzipped or zipped, - for standard input: columns are found by their names; several files of one symbol are joined, quoted patterns such as 'SOLUSDT-*.csv' are expanded",
    )
    .option("--btc <file>", "candles of BTCUSDT, for the market's trend")
    .option("--funding <file>", "settled funding rates, such as CSV with funding_ms,rate")
    .option(
      "--time-zone <zone>",
      "zone of times in files that do not say it: UTC, +09:00, Asia/Seoul",
      (text) => parseTimeZone(text).name,
    )
    .addOption(
      new Option(
        "--gaps <policy>",
        "candles that are missing: refuse the file, or split it and use each part alone",
      )
        .choices(GAP_POLICIES)
        .default("refuse"),
    )
    .addOption(
      new Option(
        "--funding-unit <unit>",
        "how the file writes rates (default: fraction, if plausible)",
      ).choices(FUNDING_UNITS),
    );
}

/** A market as it was read. */
export interface LoadedMarket {
  /** One without gaps, or its parts between gaps in order of time. At least one. */
  readonly segments: readonly StudyInput[];
  /** What was understood of each file, one line each. */
  readonly summaries: readonly string[];
}

/**
 * Reads a market from files: the candles joined to the timeframe and to every Fibonacci frame that their interval
 * divides.
 * @param nowMs candles that end later have not closed.
 * @throws InputError naming the file and the reason.
 */
export async function loadMarket(
  files: MarketFiles,
  symbol: string,
  timeframe: Timeframe,
  nowMs: number,
): Promise<LoadedMarket> {
  const options = readOptions(files, nowMs);
  const base = await readCandleSegments(files.candles, options);
  const series = joinedSegments(base.segments, timeframe, namesOf(files.candles));
  const btc = files.btc === undefined ? null : await readCandleSegments(files.btc, options);
  const btcSeries = btc === null ? [] : joinedSegments(btc.segments, timeframe, files.btc ?? "");
  const funding =
    files.funding === undefined
      ? null
      : await readFundingHistory(files.funding, {
          ...options,
          ...(files.fundingUnit === undefined ? {} : { unit: files.fundingUnit }),
        });
  return {
    segments: series.map(({ base: part, candles }) => ({
      symbol,
      timeframe,
      candles,
      frameCandles: aggregateFrames(part, timeframe, candles),
      btc:
        symbol === BTC_SYMBOL
          ? null
          : widestOverlap(
              candles,
              btcSeries.map((one) => one.candles),
            ),
      funding: funding?.rates ?? null,
    })),
    summaries: [base, btc, funding].flatMap((reading) => (reading === null ? [] : [reading.summary])),
  };
}

export function readOptions(
  { timeZone, gaps }: ReadingOptions,
  nowMs: number,
): ReadOptions & { readonly gaps?: GapPolicy } {
  return {
    nowMs,
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(gaps === undefined ? {} : { gaps }),
  };
}

/** The series that shares the most time with the candles; null when there is none. */
export function widestOverlap(candles: Candles, series: readonly Candles[]): Candles | null {
  const shared = (one: Candles) =>
    Math.min(endMs(candles), endMs(one)) - Math.max(candles.startMs, one.startMs);
  return series.reduce<Candles | null>(
    (best, one) => (best === null || shared(one) > shared(best) ? one : best),
    null,
  );
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

/** Parts that are shorter than one candle of the timeframe are left out, unless there is no other. */
function joinedSegments(
  segments: readonly Candles[],
  timeframe: Timeframe,
  path: string,
): { readonly base: Candles; readonly candles: Candles }[] {
  const intervalMs = timeframeMs(timeframe);
  const [first] = segments;
  if (first !== undefined && !divides(first.intervalMs, intervalMs)) {
    throw new InputError(
      `${path}: candles of ${first.intervalMs / 60_000} minutes cannot be joined to candles of ${timeframe}: ` +
        "the base interval must divide the timeframe",
    );
  }
  const joined = segments
    .map((base) => ({ base, candles: aggregate(base, intervalMs) }))
    .filter(({ candles }) => candles.length > 0);
  if (joined.length > 0) return joined;
  const count = segments.reduce((sum, { length }) => sum + length, 0);
  throw new InputError(`${path}: ${count} candles do not make one whole candle of ${timeframe}`);
}
