/**
 * Statistics of a window without any rounding: doubles are whole multiples of a power of two, so sums of them and of
 * their squares are whole numbers. Slow, and beyond doubt.
 */

/** Prices from 1e-30 to 1e60 are whole in this unit. */
const SCALE_BITS = 160;
const SCALE = 2 ** SCALE_BITS;
/** Digits that a quotient keeps beyond those of a double. */
const QUOTIENT_BITS = 200n;

/** @throws RangeError for a value that is too small to be whole in the unit. */
export function exactly(value: number): bigint {
  return BigInt(value * SCALE);
}

function quotient(numerator: bigint, denominator: bigint): number {
  return Number((numerator << QUOTIENT_BITS) / denominator) / 2 ** Number(QUOTIENT_BITS);
}

export interface ExactWindow {
  readonly mean: number;
  /** Population standard deviation. */
  readonly deviation: number;
}

/** Of the `period` values that end at `i`. */
export function exactWindow(values: Float64Array, i: number, period: number): ExactWindow {
  let sum = 0n;
  let squares = 0n;
  for (const value of values.subarray(i - period + 1, i + 1)) {
    const whole = exactly(value);
    sum += whole;
    squares += whole * whole;
  }
  const count = BigInt(period);
  // The variance is (count * squares - sum^2) / count^2, in units squared.
  const spread = count * squares - sum * sum;
  return {
    mean: quotient(sum, count << BigInt(SCALE_BITS)),
    deviation: Math.sqrt(quotient(spread, (count * count) << BigInt(2 * SCALE_BITS))),
  };
}
