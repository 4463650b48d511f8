// These loops read by index, within bounds that the caller has checked, hence `as number`: V8 tests at each call of a
// shared accessor that it is still the same function.

/**
 * Mean of the `period` values that end at `i`. Summed as differences from the last value: a flat window gives
 * exactly that value, and the sum loses nothing to its own size. Computed afresh each time, so there is no
 * drift however long the series. Needs `i >= period - 1`.
 */
export function movingAverage(values: Float64Array, i: number, period: number): number {
  const reference = values[i] as number;
  let sum = 0;
  for (let k = i - period + 1; k < i; k++) sum += (values[k] as number) - reference;
  return reference + sum / period;
}

/** Population standard deviation of the `period` values that end at `i`, about their mean. */
export function deviation(values: Float64Array, i: number, period: number, mean: number): number {
  let sum = 0;
  for (let k = i - period + 1; k <= i; k++) {
    const distance = (values[k] as number) - mean;
    sum += distance * distance;
  }
  return Math.sqrt(sum / period);
}
