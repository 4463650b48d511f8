import { at } from "./at.ts";
import { CandleError, showTime } from "./candle-error.ts";
import { type Candles, endMs, openTimeMs } from "./candles.ts";
import { makeCandles } from "./make-candles.ts";

/**
 * Series of one symbol and interval as one, in the order of time. Candles that two of them share must be equal.
 * @throws CandleError naming the first candle that is missing between two series or that they disagree about.
 */
export function joinCandles(series: readonly Candles[]): Candles {
  const [first, ...others] = series.toSorted((one, other) => one.startMs - other.startMs);
  if (first === undefined) throw new RangeError("there is no series to join");
  if (others.length === 0) return first;
  return others.reduce(joinTwo, first);
}

function joinTwo(before: Candles, after: Candles): Candles {
  const { intervalMs } = before;
  if (after.intervalMs !== intervalMs) {
    throw new CandleError(
      `the interval is ${after.intervalMs / 60_000} minutes, the series before it has ${intervalMs / 60_000}`,
      after.startMs,
      0,
    );
  }
  if (after.startMs > endMs(before)) {
    throw new CandleError(`a gap: the series before it ends at ${showTime(endMs(before))}`, after.startMs, 0);
  }
  const offset = (after.startMs - before.startMs) / intervalMs;
  const shared = Math.min(before.length - offset, after.length);
  for (let k = 0; k < shared; k++) assertEqual(before, offset + k, after, k);
  const rest = after.length - shared;
  const joined = (one: Float64Array, other: Float64Array): Float64Array => {
    const column = new Float64Array(before.length + rest);
    column.set(one);
    column.set(other.subarray(shared), before.length);
    return column;
  };
  const length = before.length + rest;
  return makeCandles(intervalMs, {
    openTimeMs: Float64Array.from({ length }, (_, i) => openTimeMs(before, i)),
    open: joined(before.open, after.open),
    high: joined(before.high, after.high),
    low: joined(before.low, after.low),
    close: joined(before.close, after.close),
    volume: joined(before.volume, after.volume),
  });
}

function assertEqual(before: Candles, i: number, after: Candles, k: number): void {
  for (const column of ["open", "high", "low", "close", "volume"] as const) {
    const [one, other] = [at(before[column], i), at(after[column], k)];
    if (one === other) continue;
    throw new CandleError(
      `${column} is ${other}, another series has ${one} for the same time`,
      openTimeMs(after, k),
      k,
    );
  }
}
