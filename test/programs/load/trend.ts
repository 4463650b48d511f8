/** A straight line through figures over time, by least squares. */
export interface Trend {
  /** Change of the figure in one unit of time. */
  readonly slope: number;
  /** What the line gains from the first to the last moment. */
  readonly growth: number;
}

/** @throws RangeError for fewer than two moments. */
export function trendOf(points: readonly { readonly at: number; readonly value: number }[]): Trend {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || first.at === last.at) {
    throw new RangeError("a trend needs two moments");
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanAt = mean(points.map((point) => point.at));
  const meanValue = mean(points.map((point) => point.value));
  let covariance = 0;
  let variance = 0;
  for (const { at, value } of points) {
    covariance += (at - meanAt) * (value - meanValue);
    variance += (at - meanAt) ** 2;
  }
  const slope = covariance / variance;
  return { slope, growth: slope * (last.at - first.at) };
}

/** The smallest value that a share of all does not exceed (nearest rank); null for none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
