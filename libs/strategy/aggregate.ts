import { at } from "./at.ts";
import { CandleError } from "./candle-error.ts";
import type { Candles } from "./candles.ts";

/** Whether candles of `baseMs` can be joined to candles of `intervalMs`. */
export function divides(baseMs: number, intervalMs: number): boolean {
  return intervalMs >= baseMs && intervalMs % baseMs === 0;
}

/**
 * Joins candles to longer ones, in buckets `floor(t / intervalMs) * intervalMs`. Only whole buckets exist: an
 * incomplete first or last one is dropped. The base itself is returned when the interval is its own.
 * @throws CandleError when the base interval does not divide `intervalMs`.
 */
export function aggregate(base: Candles, intervalMs: number): Candles {
  if (base.intervalMs === intervalMs) return base;
  if (!divides(base.intervalMs, intervalMs)) {
    throw new CandleError(
      `candles of ${base.intervalMs / 60_000} minutes cannot be joined to candles of ${intervalMs / 60_000} minutes`,
      base.startMs,
      0,
    );
  }
  const ratio = intervalMs / base.intervalMs;
  const startMs = Math.ceil(base.startMs / intervalMs) * intervalMs;
  const skipped = (startMs - base.startMs) / base.intervalMs;
  const length = Math.max(0, Math.floor((base.length - skipped) / ratio));
  const open = new Float64Array(length);
  const high = new Float64Array(length);
  const low = new Float64Array(length);
  const close = new Float64Array(length);
  const volume = new Float64Array(length);
  const { open: opens, high: highs, low: lows, close: closes, volume: volumes } = base;
  for (let bucket = 0, k = skipped; bucket < length; bucket++) {
    const first = k;
    const end = k + ratio;
    let highest = at(highs, k);
    let lowest = at(lows, k);
    let traded = at(volumes, k);
    for (k++; k < end; k++) {
      // max(a, b) = a + (d + |d|) / 2 with d = b - a: no branch on a coin toss, and exact while the prices are
      // within a factor of two of each other, for then the difference is exact.
      const above = at(highs, k) - highest;
      const below = lowest - at(lows, k);
      highest += (above + Math.abs(above)) * 0.5;
      lowest -= (below + Math.abs(below)) * 0.5;
      traded += at(volumes, k);
    }
    if (highest > 1.9 * lowest) {
      highest = highs.subarray(first, end).reduce((a, b) => Math.max(a, b));
      lowest = lows.subarray(first, end).reduce((a, b) => Math.min(a, b));
    }
    open[bucket] = at(opens, first);
    high[bucket] = highest;
    low[bucket] = lowest;
    close[bucket] = at(closes, end - 1);
    volume[bucket] = traded;
  }
  return { intervalMs, startMs, length, open, high, low, close, volume };
}
