import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";

/**
 * Correlation of two series' log returns (close to close) at equal open times, -1 to 1. Null when fewer than two
 * returns are common to both, or one of them never moves.
 * @throws RangeError when the intervals differ.
 */
export function returnsCorrelation(a: Candles, b: Candles): number | null {
  if (a.intervalMs !== b.intervalMs) {
    throw new RangeError(`returns of ${a.intervalMs} ms and ${b.intervalMs} ms cannot be compared`);
  }
  const offset = (a.startMs - b.startMs) / a.intervalMs;
  const first = Math.max(1, 1 - offset);
  const end = Math.min(a.length, b.length - offset);
  const count = end - first;
  const returnOf = (close: Float64Array, i: number): number => Math.log(at(close, i) / at(close, i - 1));
  let meanA = 0;
  let meanB = 0;
  for (let i = first; i < end; i++) {
    meanA += returnOf(a.close, i);
    meanB += returnOf(b.close, i + offset);
  }
  meanA /= count;
  meanB /= count;
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  for (let i = first; i < end; i++) {
    const x = returnOf(a.close, i) - meanA;
    const y = returnOf(b.close, i + offset) - meanB;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  // So it is for one common return, which is its own mean, and for none.
  if (squaresA === 0 || squaresB === 0) return null;
  return Math.min(1, Math.max(-1, products / Math.sqrt(squaresA * squaresB)));
}
