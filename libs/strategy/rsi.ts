import { at } from "./at.ts";

export const RSI_PERIOD = 14;

/**
 * Wilder's relative strength index of every close, 0 to 100; NaN for the first 14. Both averages 0 is 50, a
 * loss average of 0 is 100. An unchanged close scales both averages alike, so the value is carried over
 * exactly: rounding must not look like a turn.
 */
export function wilderRsi(close: Float64Array): Float64Array {
  const rsi = new Float64Array(close.length);
  const seeded = Math.min(RSI_PERIOD, close.length);
  rsi.fill(Number.NaN, 0, seeded);
  if (close.length <= RSI_PERIOD) return rsi;
  let gain = 0;
  let loss = 0;
  for (let i = 1; i <= RSI_PERIOD; i++) {
    const change = at(close, i) - at(close, i - 1);
    if (change > 0) gain += change;
    else loss -= change;
  }
  gain /= RSI_PERIOD;
  loss /= RSI_PERIOD;
  let value = gain + loss === 0 ? 50 : 100 * (gain / (gain + loss));
  rsi[RSI_PERIOD] = value;
  const keep = (RSI_PERIOD - 1) / RSI_PERIOD;
  const weight = 0.5 / RSI_PERIOD;
  let before = at(close, RSI_PERIOD);
  for (let i = RSI_PERIOD + 1; i < close.length; i++) {
    const now = at(close, i);
    const change = now - before;
    before = now;
    // (|x| + x) / 2 is the gain and (|x| - x) / 2 the loss, without a branch on a coin toss.
    const size = Math.abs(change);
    gain = gain * keep + (size + change) * weight;
    loss = loss * keep + (size - change) * weight;
    if (change !== 0) value = 100 * (gain / (gain + loss));
    rsi[i] = value;
  }
  return rsi;
}
