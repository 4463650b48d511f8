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
  for (let bucket = 0, k = skipped; bucket < length; bucket++) {
    const end = k + ratio;
    open[bucket] = at(base.open, k);
    close[bucket] = at(base.close, end - 1);
    let highest = at(base.high, k);
    let lowest = at(base.low, k);
    let traded = at(base.volume, k);
    for (k++; k < end; k++) {
      const h = at(base.high, k);
      const l = at(base.low, k);
      traded += at(base.volume, k);
      if (h > highest) highest = h;
      if (l < lowest) lowest = l;
    }
    high[bucket] = highest;
    low[bucket] = lowest;
    volume[bucket] = traded;
  }
  return { intervalMs, startMs, length, open, high, low, close, volume };
}
