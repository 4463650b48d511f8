import { at } from "#libs/candles/at.ts";

export const RSI_PERIOD = 14;

/** What a change weighs more than one a candle before it. */
const GROWTH = RSI_PERIOD / (RSI_PERIOD - 1);
/** The weight grows by less than 2 ** 110 over a segment: far below overflow when it starts below the limit. */
const STRETCH = 1024;
const WEIGHT_LIMIT = 2 ** 400;
/** A power of two, so that rescaling is exact. */
const RESCALE = 2 ** -400;
/** Sums this small are lost in the next change whatever they are; scaled on, they would reach 0. */
const SUM_FLOOR = 2 ** -300;

/**
 * Wilder's relative strength index of every close, 0 to 100; NaN for the first 14. Both averages 0 is 50, a
 * loss average of 0 is 100.
 *
 * Only the relation of the two averages counts. So instead of shrinking both at each candle, each change gets a
 * weight that grows: two sums that wait for one addition a candle, and that an unchanged close leaves exactly
 * as they are. Its value is carried over to the bit, so rounding cannot look like a turn.
 */
export function wilderRsi(close: Float64Array): Float64Array {
  const rsi = new Float64Array(close.length);
  const seeded = Math.min(RSI_PERIOD, close.length);
  rsi.fill(Number.NaN, 0, seeded);
  if (close.length <= RSI_PERIOD) return rsi;
  // Sums over the changes: sizes, and twice the gains, as |x| + x is twice the gain without a branch.
  let sizes = 0;
  let gains = 0;
  for (let i = 1; i <= RSI_PERIOD; i++) {
    const change = at(close, i) - at(close, i - 1);
    sizes += Math.abs(change);
    gains += Math.abs(change) + change;
  }
  let i = RSI_PERIOD;
  if (sizes === 0) {
    while (i < close.length && at(close, i) === at(close, 0)) rsi[i++] = 50;
  } else {
    rsi[i++] = 50 * (gains / sizes);
  }
  let weight = 1;
  let before = at(close, i - 1);
  while (i < close.length) {
    const end = Math.min(close.length, i + STRETCH);
    for (; i < end; i++) {
      const now = close[i] as number;
      const change = now - before;
      before = now;
      const size = Math.abs(change);
      weight *= GROWTH;
      sizes += size * weight;
      gains += (size + change) * weight;
      rsi[i] = 50 * (gains / sizes);
    }
    if (weight > WEIGHT_LIMIT) {
      weight *= RESCALE;
      if (sizes > SUM_FLOOR) {
        sizes *= RESCALE;
        gains *= RESCALE;
      }
    }
  }
  return rsi;
}
