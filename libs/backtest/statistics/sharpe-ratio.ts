import type { Moments } from "./moments.ts";
import { normalProbability, normalQuantile } from "./normal-distribution.ts";

const EULER_MASCHERONI = 0.5772156649015329;

/** What was tried before one result was looked at. */
export interface Trials {
  /** Configurations whose results were compared: symbols x timeframes x strategies x parameter sets. At least 1. */
  readonly count: number;
  /**
   * Variance of the Sharpe ratios (a trade) across the trials; null when it is not known. Then that of a trial without
   * any skill is taken, `1 / (trades - 1)`: what chance alone would spread them by.
   */
  readonly sharpeVariance: number | null;
}

/** What the probability that a Sharpe ratio is real depends on. Not annualised: one observation is one trade. */
export type SharpeSample = Pick<Moments, "count" | "skewness" | "kurtosis"> & {
  /** Mean over standard deviation. */
  readonly sharpe: number;
};

/** Mean over standard deviation of a trade. */
export function sharpeSampleOf(moments: Moments): SharpeSample {
  const { count, skewness, kurtosis, mean, deviation } = moments;
  return { count, skewness, kurtosis, sharpe: mean / deviation };
}

/**
 * Probability that the true Sharpe ratio is above `benchmark`, given the length, the skewness and the kurtosis of
 * what was observed:
 *
 *     PSR(SR*) = Phi( (SR - SR*) sqrt(n - 1) / sqrt(1 - skewness SR + (kurtosis - 1) / 4 SR^2) )
 *
 * D. H. Bailey, M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012, section 3.
 * @returns null when the estimate has no standard error (a sample of two values whose Sharpe ratio is `2 / skewness`).
 */
export function probabilisticSharpe(sample: SharpeSample, benchmark = 0): number | null {
  const { sharpe, count, skewness, kurtosis } = sample;
  const variance = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe;
  if (!(variance > 1e-12) || count < 2) return null;
  return normalProbability(((sharpe - benchmark) * Math.sqrt(count - 1)) / Math.sqrt(variance));
}

/**
 * The Sharpe ratio that the best of so many trials is expected to show when none has any skill:
 *
 *     SR0 = sqrt(V) ((1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e))),  g = 0.5772... (Euler-Mascheroni)
 *
 * The same paper as `deflatedSharpe`. One trial is no choice: 0.
 * @throws RangeError when the number of trials is not a positive whole number.
 */
export function expectedMaximumSharpe(trials: number, sharpeVariance: number): number {
  if (!(Number.isSafeInteger(trials) && trials >= 1)) {
    throw new RangeError(`the number of trials must be a whole number, at least 1, not ${trials}`);
  }
  if (trials === 1) return 0;
  const typical = (1 - EULER_MASCHERONI) * upperQuantile(1 / trials);
  const extreme = EULER_MASCHERONI * upperQuantile(1 / (trials * Math.E));
  return Math.sqrt(sharpeVariance) * (typical + extreme);
}

/** The value exceeded with probability `p`; exact for small `p`, where `1 - p` loses its digits. */
function upperQuantile(p: number): number {
  return -normalQuantile(p);
}

/**
 * Probability that the true Sharpe ratio is above what the best of all trials would show by chance: PSR(SR0).
 * D. H. Bailey, M. Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
 * Overfitting, and Non-Normality", Journal of Portfolio Management 40(5), 2014.
 * The formula takes trials as independent; trials that resemble each other make it err on the strict side.
 * @returns null where `probabilisticSharpe` does.
 */
export function deflatedSharpe(sample: SharpeSample, trials: Trials): number | null {
  const variance = trials.sharpeVariance ?? 1 / (sample.count - 1);
  return probabilisticSharpe(sample, expectedMaximumSharpe(trials.count, variance));
}

/**
 * Sample variance of the Sharpe ratios of trials, for `Trials`. Undefined ones (null: trials without two trades) are
 * left out; null with fewer than two others.
 */
export function sharpeVarianceOf(sharpes: readonly (number | null)[]): number | null {
  const known = sharpes.filter((sharpe) => sharpe !== null);
  if (known.length < 2) return null;
  const mean = known.reduce((sum, sharpe) => sum + sharpe, 0) / known.length;
  return known.reduce((sum, sharpe) => sum + (sharpe - mean) ** 2, 0) / (known.length - 1);
}
