/** Shape of a sample. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation with `count - 1`. */
  readonly deviation: number;
  /** Third standardised moment: 0 for a symmetric sample. */
  readonly skewness: number;
  /** Fourth standardised moment, not the excess: 3 for a normal distribution. */
  readonly kurtosis: number;
}

/** Below this fraction of the largest value a spread is rounding noise: amounts that are equal in truth. */
const NOISE = 1e-10;

/**
 * Moments of a sample in two passes; skewness and kurtosis with the population's central moments, as in the
 * papers on the Sharpe ratio.
 * @returns null with fewer than two values, or when all are equal: nothing can be divided by their spread.
 */
export function momentsOf(values: ArrayLike<number>): Moments | null {
  const count = values.length;
  if (count < 2) return null;
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i] ?? 0;
    sum += value;
    largest = Math.max(largest, Math.abs(value));
  }
  const mean = sum / count;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let i = 0; i < count; i++) {
    const distance = (values[i] ?? 0) - mean;
    const square = distance * distance;
    second += square;
    third += square * distance;
    fourth += square * square;
  }
  second /= count;
  if (!(Math.sqrt(second) > NOISE * largest)) return null;
  return {
    count,
    mean,
    deviation: Math.sqrt((second * count) / (count - 1)),
    skewness: third / count / second ** 1.5,
    kurtosis: fourth / count / (second * second),
  };
}
