import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import type { RawItem } from "./requests/reading.ts";

/** The attributes that `notSuperseded` looks at. */
export const COVERAGE_PATHS = [
  "#symbol",
  "#scan_timestamp",
  ...TIMEFRAMES.map((timeframe) => `#timeframes.#${timeframe}.#status`),
] as const;

/**
 * The results with a timeframe that no newer one of the same coin has: what there is to know today. The others
 * have been overtaken in everything they say. A failed timeframe says nothing and overtakes nothing.
 * @param newestFirst items, or what `COVERAGE_PATHS` leaves of them. One of an unknown shape is kept: whoever reads
 *   it whole says what is wrong with it.
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
