/** Retracement ratios of a leg, both ends included. */
export const LEVEL_RATIOS: readonly number[] = [0, 0.236, 0.382, 0.5, 0.618, 0.786, 1];

/**
 * Price at a retracement of a leg: measured down from the high of an up leg, up from the low of a down leg.
 * The ends are the extremes themselves, which `high - (high - low)` may miss by a bit where the price has more than
 * doubled within the leg: a close at the extreme of several frames would stand beside a zone that it is on.
 */
export function retracement(high: number, low: number, up: boolean, ratio: number): number {
  if (ratio === 1) return up ? low : high;
  return up ? high - ratio * (high - low) : low + ratio * (high - low);
}
