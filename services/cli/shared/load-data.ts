import { type Coverage, type Covered, coverageOf, detailMisfit } from "#libs/backtest/coverage.ts";
import { marketUntil } from "#libs/backtest/verification/market-changes.ts";
import { showTime } from "#libs/candles/candle-error.ts";
import { type Candles, endMs, type FundingRates, openTimeMs } from "#libs/candles/candles.ts";
import type { Timeframe } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { type KnownMarket, knownMarket } from "#libs/strategy/known-market.ts";
import { BTC_SYMBOL, type StudyInput } from "#libs/strategy/study.ts";
import { callersPath, STANDARD_INPUT } from "#services/shared/arguments.ts";
import { expandPaths } from "./expand-paths.ts";
import { loadMarket, type MarketFiles, namesOf } from "./load-market.ts";
import { contradictingName } from "./named-symbol.ts";
import { readDetail } from "./read-detail.ts";
import { candleWindow, type WindowOptions } from "./window-options.ts";

/** Files with absolute paths, or standard input. */
export interface DataFiles extends MarketFiles {
  readonly detail?: string;
}

/** What a command runs on. */
export interface Data {
  /** Ends with the window. */
  readonly input: StudyInput;
  /** First candle of the window; those before it only warm up. */
  readonly firstIndex: number;
  /** Shorter candles of the symbol. */
  readonly detail: Candles | undefined;
  readonly coverage: Coverage;
  readonly known: KnownMarket;
  /** What a person should know about the files, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * The files of the options, relative paths seen from the folder of the call.
 * @throws InputError when a pattern fits no file or standard input is given twice.
 */
export function dataFiles(options: DataFiles, folder: string): DataFiles {
  const { btc, funding, detail } = options;
  const one = (name: keyof DataFiles, path: string | undefined) =>
    path === undefined ? {} : { [name]: callersPath(folder, path) };
  const files: DataFiles = {
    candles: expandPaths("--candles", options.candles, folder),
    ...one("btc", btc),
    ...one("funding", funding),
    ...one("detail", detail),
  };
  const paths = [...files.candles, files.btc, files.funding, files.detail];
  if (paths.filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new InputError(
      "standard input (-) is given for two options, and can be read once: name a file for one",
    );
  }
  return files;
}

/**
 * Reads the files, limits them to the window and compares them with each other.
 * @throws InputError naming the file and the reason, also when a series does not overlap the window at all.
 */
export async function loadData(
  files: DataFiles,
  {
    symbol,
    timeframe,
    ...moments
  }: WindowOptions & { readonly symbol: string; readonly timeframe: Timeframe },
): Promise<Data> {
  const market = await loadMarket(files, symbol, timeframe);
  const window = candleWindow(namesOf(files.candles), market.candles, moments);
  const input = marketUntil(market, openTimeMs(market.candles, window.endIndex));
  const { firstIndex } = window;
  const detail = files.detail === undefined ? undefined : await readDetail(files.detail, input);
  const coverage = coverageOf(input, firstIndex, detail ?? null);
  if (symbol !== BTC_SYMBOL) assertOverlap("--btc", files.btc, coverage, coverage.btc, market.btc);
  assertOverlap("--funding", files.funding, coverage, coverage.funding, market.funding);
  assertOverlap("--detail", files.detail, coverage, coverage.detail, detail ?? null);
  if (detail !== undefined) assertFits(files, input.candles, detail);
  return {
    input,
    firstIndex,
    detail,
    coverage,
    known: knownMarket(input, firstIndex),
    notes: notesOf(files, symbol),
  };
}

function notesOf(files: DataFiles, symbol: string): string[] {
  // Without a symbol nothing can contradict.
  const expected = symbol === UNKNOWN_SYMBOL ? null : symbol;
  const names: readonly (readonly [string, readonly string[], string | null])[] = [
    ["--candles", files.candles, expected],
    ["--btc", files.btc === undefined ? [] : [files.btc], BTC_SYMBOL],
    ["--funding", files.funding === undefined ? [] : [files.funding], expected],
    ["--detail", files.detail === undefined ? [] : [files.detail], expected],
  ];
  const contradictions = names.flatMap(([option, paths, meant]) =>
    meant === null ? [] : paths.map((path) => contradictingName(option, path, meant)),
  );
  return [
    ...contradictions.filter((note) => note !== null),
    ...(symbol === BTC_SYMBOL && files.btc !== undefined
      ? [`--btc is not used: ${BTC_SYMBOL} is its own market`]
      : []),
  ];
}

/** The symbol of candles that nobody named. */
export const UNKNOWN_SYMBOL = "UNKNOWN";

function assertOverlap(
  option: string,
  path: string | undefined,
  { window }: Coverage,
  covered: Covered | null,
  series: Candles | FundingRates | null,
): void {
  if (path === undefined || covered === null || covered.share > 0 || series === null) return;
  const [first, end] =
    "intervalMs" in series
      ? [series.startMs, endMs(series)]
      : [series.timeMs[0] ?? 0, series.timeMs[series.length - 1] ?? 0];
  throw new InputError(
    `${option} ${path} covers ${showTime(first)} to ${showTime(end)}, nothing of the window ${showTime(window.fromMs)} to ` +
      `${showTime(window.toMs)}: give a file of the same time, or leave ${option} away`,
  );
}

function assertFits(files: DataFiles, candles: Candles, detail: Candles): void {
  const misfit = detailMisfit(candles, detail);
  if (misfit === null) return;
  throw new InputError(
    `--detail ${files.detail} does not fit ${namesOf(files.candles)}: in the candle at ${showTime(misfit.timeMs)} it ` +
      `closes at ${misfit.detailClose}, the candle at ${misfit.close}, and so in ${misfit.candles} of ` +
      `${misfit.compared} candles: give shorter candles of the same symbol`,
  );
}
