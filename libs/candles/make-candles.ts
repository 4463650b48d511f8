import { at } from "./at.ts";
import { CandleError, showTime } from "./candle-error.ts";
import type { Candles } from "./candles.ts";

/** Candles as they come from a file or an exchange: one entry a candle in each column, oldest first. */
export interface CandleColumns {
  /** Milliseconds since the epoch. */
  readonly openTimeMs: ArrayLike<number>;
  readonly open: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
  readonly volume: ArrayLike<number>;
}

/**
 * Builds a series that is known to be whole. A `Float64Array` given as a price column is kept, not copied:
 * it must not be changed afterwards. No candle at all is a series of length 0.
 * @throws CandleError naming the first open time that is not ascending, duplicated, misaligned or behind a
 *   hole, or whose prices or volume are impossible.
 * @throws RangeError when the columns differ in length or the interval is not a positive integer.
 */
export function makeCandles(intervalMs: number, columns: CandleColumns): Candles {
  if (!Number.isInteger(intervalMs) || intervalMs <= 0) {
    throw new RangeError(`the candle interval must be a positive number of milliseconds, not ${intervalMs}`);
  }
  const times = toColumn(columns.openTimeMs);
  const length = times.length;
  const open = toColumn(columns.open);
  const high = toColumn(columns.high);
  const low = toColumn(columns.low);
  const close = toColumn(columns.close);
  const volume = toColumn(columns.volume);
  for (const column of [open, high, low, close, volume]) {
    if (column.length !== length) {
      throw new RangeError(`candle columns differ in length: ${column.length} and ${length}`);
    }
  }
  const startMs = length === 0 ? 0 : at(times, 0);
  for (let i = 0; i < length; i++) {
    const timeMs = at(times, i);
    if (timeMs !== startMs + i * intervalMs || timeMs % intervalMs !== 0) {
      throw new CandleError(timeProblem(times, i, intervalMs), timeMs, i);
    }
    const problem = candleProblem(at(open, i), at(high, i), at(low, i), at(close, i), at(volume, i));
    if (problem !== null) throw new CandleError(problem, timeMs, i);
  }
  return { intervalMs, startMs, length, open, high, low, close, volume };
}

/** What is impossible about one candle, or null. */
export function candleProblem(
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
): string | null {
  // One comparison each, written so that NaN fails it.
  const sound =
    low > 0 && high < Infinity && low <= open && low <= close && high >= open && high >= close && volume >= 0;
  if (sound && volume < Infinity) return null;
  const prices = { open, high, low, close };
  for (const [name, price] of Object.entries(prices)) {
    if (!Number.isFinite(price)) return `${name} is not a finite number (${price})`;
    if (price <= 0) return `${name} must be above zero, not ${price}`;
  }
  if (high < low) return `high ${high} is below low ${low}`;
  if (high < open || high < close) return `high ${high} is below ${high < open ? "open" : "close"}`;
  if (low > open || low > close) return `low ${low} is above ${low > open ? "open" : "close"}`;
  if (!Number.isFinite(volume)) return `volume is not a finite number (${volume})`;
  return `volume must not be negative (${volume})`;
}

function timeProblem(times: Float64Array, i: number, intervalMs: number): string {
  const timeMs = at(times, i);
  if (!Number.isSafeInteger(timeMs)) return "the open time is not a whole number of milliseconds";
  if (i > 0) {
    const before = at(times, i - 1);
    if (timeMs === before) return "the open time is a duplicate of the candle before";
    if (timeMs < before) return `the open time is not ascending, the candle before opened at ${before}`;
  }
  if (timeMs % intervalMs !== 0) return `the open time is not a multiple of the interval of ${intervalMs} ms`;
  const firstMissing = at(times, i - 1) + intervalMs;
  const missing = (timeMs - firstMissing) / intervalMs;
  return missing === 1
    ? `a hole before it: the candle at ${showTime(firstMissing)} is missing`
    : `a hole before it: ${missing} candles are missing, the first at ${showTime(firstMissing)}`;
}

function toColumn(values: ArrayLike<number>): Float64Array {
  return values instanceof Float64Array ? values : Float64Array.from(values);
}

/** Candles `from` (inclusive) to `to` (exclusive) as a view on the same columns; both are cut to the series. */
export function sliceCandles(candles: Candles, from: number, to: number = candles.length): Candles {
  const first = Math.min(Math.max(0, from), candles.length);
  const end = Math.min(Math.max(first, to), candles.length);
  return {
    intervalMs: candles.intervalMs,
    startMs: candles.startMs + first * candles.intervalMs,
    length: end - first,
    open: candles.open.subarray(first, end),
    high: candles.high.subarray(first, end),
    low: candles.low.subarray(first, end),
    close: candles.close.subarray(first, end),
    volume: candles.volume.subarray(first, end),
  };
}
