import { bootstrapPValue } from "./bootstrap-p-value.ts";
import { endedAlike } from "./ended-alike.ts";
import { momentsOf } from "./moments.ts";
import { deflatedSharpe, probabilisticSharpe, sharpeSampleOf, type Trials } from "./sharpe-ratio.ts";
import { type Interval, wilsonInterval } from "./wilson-interval.ts";

/** How far the figures of one strategy could be chance. What is undefined is null, never 0. */
export interface Statistics {
  /** 95 % confidence interval of the win rate, percent; null without a trade. See `wilsonInterval`. */
  readonly winRateInterval: Interval | null;
  /** Probability of a mean trade this good without an edge. See `bootstrapPValue`. */
  readonly meanTradePValue: number | null;
  /**
   * Mean over standard deviation of a trade, not annualised; null with fewer than two trades, or when they are equal but
   * for costs (all stopped, or all at their target). So are the two probabilities below.
   */
  readonly sharpe: number | null;
  /** Probability, 0 to 1, that the true Sharpe ratio is above 0. See `probabilisticSharpe`. */
  readonly probabilisticSharpe: number | null;
  /** Probability, 0 to 1, that it is above what the best of all trials shows by chance. See `deflatedSharpe`. */
  readonly deflatedSharpe: number | null;
  /** Configurations tried, that the deflated Sharpe ratio allows for. */
  readonly trials: number;
}

/** One try: nothing was chosen from. */
const ONE_TRIAL: Trials = { count: 1, sharpeVariance: null };

/**
 * @param trades ended trades in the order of time, net in USDT.
 * @throws RangeError when the number of trials is not a positive whole number.
 */
export function statisticsOf(
  trades: readonly { readonly net: number }[],
  trials: Trials = ONE_TRIAL,
): Statistics {
  const nets = Float64Array.from(trades, (trade) => trade.net);
  const moments = momentsOf(nets);
  const isAlike = moments === null || endedAlike(moments.mean, moments.deviation);
  const sample = isAlike ? null : sharpeSampleOf(moments);
  return {
    winRateInterval: wilsonInterval(nets.filter((net) => net > 0).length, nets.length),
    meanTradePValue: bootstrapPValue(nets),
    sharpe: sample?.sharpe ?? null,
    probabilisticSharpe: sample === null ? null : probabilisticSharpe(sample),
    deflatedSharpe: sample === null ? null : deflatedSharpe(sample, trials),
    trials: trials.count,
  };
}
