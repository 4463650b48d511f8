import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import type { RawItem } from "./requests/reading.ts";

/** The attributes that `notSuperseded` reads. */
export const COVERAGE_PATHS = [
  "#symbol",
  "#scan_timestamp",
  ...TIMEFRAMES.map((timeframe) => `#timeframes.#${timeframe}.#status`),
] as const;

/**
 * The results with a timeframe that no newer result of the same coin has. All others are superseded. A failed
 * timeframe supersedes nothing.
 * @param newestFirst items, or their projection to `COVERAGE_PATHS`. An item of unknown shape is kept: the reader of
 *   the whole item reports what is wrong with it.
 */
export function notSuperseded(newestFirst: readonly RawItem[]): RawItem[] {
  const seen = new Set<string>();
  return newestFirst.filter(({ symbol, timeframes }) => {
    if (typeof timeframes !== "object" || timeframes === null) return true;
    const fresh = Object.entries(timeframes)
      .filter(([, result]) => result?.status !== "failed")
      .map(([timeframe]) => JSON.stringify([symbol, timeframe]))
      .filter((key) => !seen.has(key));
    for (const key of fresh) seen.add(key);
    return fresh.length > 0;
  });
}
