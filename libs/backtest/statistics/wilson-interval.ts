import { normalQuantile } from "./normal-distribution.ts";

/** Both ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Score interval of a proportion, in percent: the true rates that the observed number of wins does not contradict.
 * E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American
 * Statistical Association 22, 1927. Chosen over the exact interval of Clopper and Pearson, which is wider than
 * its promise at the few dozen trades of a backtest, and over the Wald interval, which is narrower and has no
 * width at all when every trade was won (Brown, Cai, DasGupta, Statistical Science 16, 2001).
 * @returns null without a trade.
 */
export function wilsonInterval(wins: number, trades: number, confidence = 0.95): Interval | null {
  if (trades === 0) return null;
  const z = normalQuantile((1 + confidence) / 2);
  const rate = wins / trades;
  const center = rate + (z * z) / (2 * trades);
  const reach = z * Math.sqrt((rate * (1 - rate)) / trades + (z / (2 * trades)) ** 2);
  const scale = 100 / (1 + (z * z) / trades);
  // Exact at the ends: rounding must not put the limit of "never won" a hair above or below 0.
  return {
    low: wins === 0 ? 0 : (center - reach) * scale,
    high: wins === trades ? 100 : (center + reach) * scale,
  };
}
