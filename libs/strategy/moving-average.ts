import { at } from "./at.ts";

/**
 * Mean of the `period` values that end at `i`. Summed as differences from the last value: a flat window gives
 * exactly that value, and the sum loses nothing to its own size. Computed afresh each time, so there is no
 * drift however long the series. Needs `i >= period - 1`.
 */
export function movingAverage(values: Float64Array, i: number, period: number): number {
  const reference = at(values, i);
  let sum = 0;
  for (let k = i - period + 1; k < i; k++) sum += at(values, k) - reference;
  return reference + sum / period;
}

/** Population standard deviation of the `period` values that end at `i`, about their mean. */
export function deviation(values: Float64Array, i: number, period: number, mean: number): number {
  let sum = 0;
  for (let k = i - period + 1; k <= i; k++) {
    const distance = at(values, k) - mean;
    sum += distance * distance;
  }
  return Math.sqrt(sum / period);
}
