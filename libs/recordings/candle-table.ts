import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { makeCandles } from "#libs/candles/make-candles.ts";

/**
 * Candles of one interval as a recording has them: ascending, each on a multiple of the interval, none twice, and
 * gaps possible.
 */
export interface CandleTable {
  readonly intervalMs: number;
  readonly length: number;
  readonly openTimeMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** In the quote coin; NaN where the recording has none. */
  readonly turnover: Float64Array;
}

/** Candles that are not there. */
export interface Gap {
  /** Open time of the first one. */
  readonly fromMs: number;
  readonly missing: number;
  /** Index of the candle behind the gap. */
  readonly before: number;
}

export function gapsOf({ openTimeMs, intervalMs, length }: CandleTable): Gap[] {
  const gaps: Gap[] = [];
  for (let i = 1; i < length; i++) {
    const before = Math.floor(at(openTimeMs, i - 1) / intervalMs);
    const missing = Math.floor(at(openTimeMs, i) / intervalMs) - before - 1;
    if (missing > 0) gaps.push({ fromMs: (before + 1) * intervalMs, missing, before: i });
  }
  return gaps;
}

/** The longest series without a gap, in order of time. They are views on the columns of the table. */
export function segmentsOf(table: CandleTable): Candles[] {
  const starts = [0, ...gapsOf(table).map(({ before }) => before)];
  return starts.map((from, k) => {
    const to = starts[k + 1] ?? table.length;
    return makeCandles(table.intervalMs, {
      openTimeMs: table.openTimeMs.subarray(from, to),
      open: table.open.subarray(from, to),
      high: table.high.subarray(from, to),
      low: table.low.subarray(from, to),
      close: table.close.subarray(from, to),
      volume: table.volume.subarray(from, to),
    });
  });
}
