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
  // `| 0`: the quotients may be held as floating point, which would slow down all index arithmetic.
  return joined(base, { intervalMs, startMs, length }, { ratio: ratio | 0, skipped: skipped | 0, length });
}

/** Which base candles make a longer one: bucket `b` is of `ratio` candles from `skipped + b * ratio` on. */
interface Buckets {
  readonly ratio: number;
  readonly skipped: number;
  readonly length: number;
}

/**
 * Each column is joined when it is first read: who looks for the swings of a frame reads highs and lows, and has
 * no use for volumes.
 */
function joined(
  base: Candles,
  span: Pick<Candles, "intervalMs" | "startMs" | "length">,
  buckets: Buckets,
): Candles {
  let high: Float64Array | null = null;
  let low: Float64Array | null = null;
  let open: Float64Array | null = null;
  let close: Float64Array | null = null;
  let volume: Float64Array | null = null;
  const joinRanges = (): { high: Float64Array; low: Float64Array } => {
    high = new Float64Array(buckets.length);
    low = new Float64Array(buckets.length);
    fillRanges(base.high, base.low, high, low, buckets);
    return { high, low };
  };
  const { intervalMs, startMs, length } = span;
  return {
    intervalMs,
    startMs,
    length,
    get open() {
      open ??= everyNth(base.open, buckets, 0);
      return open;
    },
    get high() {
      high ??= joinRanges().high;
      return high;
    },
    get low() {
      low ??= joinRanges().low;
      return low;
    },
    get close() {
      close ??= everyNth(base.close, buckets, buckets.ratio - 1);
      return close;
    },
    get volume() {
      volume ??= sums(base.volume, buckets);
      return volume;
    },
  };
}

// The loops read columns by index, within bounds that `aggregate` has computed, hence `as number`: V8 tests at each
// call of a shared accessor that it is still the same function.

/** Fills `high` and `low` with the highest highs and the lowest lows. */
function fillRanges(
  highs: Float64Array,
  lows: Float64Array,
  high: Float64Array,
  low: Float64Array,
  { ratio, skipped, length }: Buckets,
): void {
  const odd = ratio % 2;
  for (let bucket = 0, first = skipped; bucket < length; bucket++, first += ratio) {
    const end = first + ratio;
    let highest = highs[first] as number;
    let lowest = lows[first] as number;
    // In pairs, so that each step waits for half as many before it.
    for (let k = first + odd; k < end; k += 2) {
      // max(a, b) = a + (d + |d|) / 2 with d = b - a: no branch on a coin toss, and exact while the prices are
      // within a factor of two of each other, for then the difference is exact.
      const highA = highs[k] as number;
      const lowA = lows[k] as number;
      const rise = (highs[k + 1] as number) - highA;
      const fall = lowA - (lows[k + 1] as number);
      const above = highA + (rise + Math.abs(rise)) * 0.5 - highest;
      const below = lowest - (lowA - (fall + Math.abs(fall)) * 0.5);
      highest += (above + Math.abs(above)) * 0.5;
      lowest -= (below + Math.abs(below)) * 0.5;
    }
    if (highest > 1.9 * lowest) {
      highest = highs.subarray(first, end).reduce((a, b) => Math.max(a, b));
      lowest = lows.subarray(first, end).reduce((a, b) => Math.min(a, b));
    }
    high[bucket] = highest;
    low[bucket] = lowest;
  }
}

/** One base candle's value of each bucket. */
function everyNth(values: Float64Array, { ratio, skipped, length }: Buckets, nth: number): Float64Array {
  const picked = new Float64Array(length);
  for (let bucket = 0, k = skipped + nth; bucket < length; bucket++, k += ratio) {
    picked[bucket] = values[k] as number;
  }
  return picked;
}

function sums(values: Float64Array, { ratio, skipped, length }: Buckets): Float64Array {
  const totals = new Float64Array(length);
  for (let bucket = 0, k = skipped; bucket < length; bucket++) {
    const end = k + ratio;
    let total = values[k] as number;
    for (k++; k < end; k++) total += values[k] as number;
    totals[bucket] = total;
  }
  return totals;
}
