import { type Coverage, type Covered, coverageOf, detailMisfit } from "#libs/backtest/coverage.ts";
import { marketUntil } from "#libs/backtest/verification/market-changes.ts";
import { showTime } from "#libs/candles/candle-error.ts";
import { type Candles, endMs, type FundingRates, openTimeMs } from "#libs/candles/candles.ts";
import type { Timeframe } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { STANDARD_INPUT } from "#libs/recordings/source/open-source.ts";
import { systemClock } from "#libs/runtime/clock.ts";
import { type KnownMarket, knownMarket } from "#libs/strategy/known-market.ts";
import { BTC_SYMBOL, type StudyInput } from "#libs/strategy/study.ts";
import { callersPath } from "#services/shared/arguments.ts";
import { expandPaths } from "./expand-paths.ts";
import { loadMarket, type MarketFiles, namesOf, widestOverlap } from "./load-market.ts";
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
  /** What was understood of each file, one line each. */
  readonly summaries: readonly string[];
}

/**
 * The files of the options, relative paths seen from the folder of the call.
 * @throws InputError when a pattern fits no file or standard input is given twice.
 */
export function dataFiles(options: DataFiles, folder: string): DataFiles {
  const { btc, funding, detail } = options;
  const one = (name: "btc" | "funding" | "detail", path: string | undefined) =>
    path === undefined ? {} : { [name]: callersPath(folder, path) };
  const files: DataFiles = {
    candles: expandPaths("--candles", options.candles, folder),
    ...one("btc", btc),
    ...one("funding", funding),
    ...one("detail", detail),
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
    ...(options.gaps === undefined ? {} : { gaps: options.gaps }),
    ...(options.fundingUnit === undefined ? {} : { fundingUnit: options.fundingUnit }),
  };
  const paths = [...files.candles, files.btc, files.funding, files.detail];
  if (paths.filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new InputError(
      "standard input (-) is given for two options, and can be read once: name a file for one",
    );
  }
  return files;
}

interface DataRequest extends WindowOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/**
 * Reads the files, limits them to the window and compares them with each other. Of candles with gaps, where they are
 * split, the longest part is used, and a note says so.
 * @throws InputError naming the file and the reason, also when a series does not overlap the window at all.
 */
export async function loadData(files: DataFiles, request: DataRequest): Promise<Data> {
  const segments = await loadSegments(files, request);
  const longest = longestOf(segments);
  if (segments.length === 1) return longest;
  const left = segments.reduce((sum, one) => sum + candlesOf(one), 0) - candlesOf(longest);
  const { fromMs, toMs } = longest.coverage.window;
  const note =
    `of ${segments.length} parts between gaps the longest is used, ${showTime(fromMs)} to ${showTime(toMs)}: ` +
    `${left} candles of the others are not`;
  return { ...longest, notes: [...longest.notes, note] };
}

/** The same, each part between gaps on its own, in order of time. At least one; without gaps there is no other. */
export async function loadSegments(files: DataFiles, request: DataRequest): Promise<readonly Data[]> {
  const { symbol, timeframe, ...moments } = request;
  const nowMs = systemClock.nowMs();
  const { segments, summaries } = await loadMarket(files, symbol, timeframe, nowMs);
  const detail = files.detail === undefined ? null : await readDetail(files.detail, request, files, nowMs);
  const inWindow = segments.length === 1 ? segments : segments.filter((market) => overlaps(market, moments));
  const parts = (inWindow.length === 0 ? segments.slice(0, 1) : inWindow).map((market): Data => {
    const window = candleWindow(namesOf(files.candles), market.candles, moments);
    const input = marketUntil(market, openTimeMs(market.candles, window.endIndex));
    const { firstIndex } = window;
    const inside = detail === null ? null : widestOverlap(input.candles, detail.segments);
    return {
      input,
      firstIndex,
      detail: inside ?? undefined,
      coverage: coverageOf(input, firstIndex, inside),
      known: knownMarket(input, firstIndex),
      notes: notesOf(files, symbol),
      summaries: [...summaries, ...(detail === null ? [] : [detail.summary])],
    };
  });
  assertOverlaps(files, symbol, parts);
  return parts;
}

/** The part with the most candles in the window. */
export function longestOf(parts: readonly Data[]): Data {
  const [first] = parts;
  if (first === undefined) throw new RangeError("a market has at least one part");
  return parts.reduce((best, one) => (candlesOf(one) > candlesOf(best) ? one : best), first);
}

function candlesOf({ input, firstIndex }: Data): number {
  return input.candles.length - firstIndex;
}

function overlaps({ candles }: StudyInput, { from, to }: WindowOptions): boolean {
  return endMs(candles) > (from ?? 0) && candles.startMs + candles.intervalMs <= (to ?? Infinity);
}

/** A series must overlap one part at least. */
function assertOverlaps(files: DataFiles, symbol: string, parts: readonly Data[]): void {
  const check = (
    option: string,
    path: string | undefined,
    coveredOf: (coverage: Coverage) => Covered | null,
    seriesOf: (data: Data) => Candles | FundingRates | null,
  ) => {
    const apart = parts.filter(({ coverage }) => (coveredOf(coverage)?.share ?? 0) === 0);
    const [first] = apart;
    if (first === undefined || apart.length < parts.length) return;
    assertOverlap(option, path, first.coverage, coveredOf(first.coverage), seriesOf(first));
  };
  if (symbol !== BTC_SYMBOL) {
    check(
      "--btc",
      files.btc,
      ({ btc }) => btc,
      ({ input }) => input.btc,
    );
  }
  check(
    "--funding",
    files.funding,
    ({ funding }) => funding,
    ({ input }) => input.funding,
  );
  check(
    "--detail",
    files.detail,
    ({ detail }) => detail,
    ({ detail }) => detail ?? null,
  );
  for (const { input, detail } of parts) {
    if (detail !== undefined) assertFits(files, input.candles, detail);
  }
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

/** The symbol of candles without a given name. */
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
