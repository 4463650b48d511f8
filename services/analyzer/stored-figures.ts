import type { StrategyResult } from "#libs/backtest/backtest.ts";
import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import { statisticsOf } from "#libs/backtest/statistics/statistics.ts";
import type { StrategyFigures } from "#libs/contracts/results-item.ts";

/**
 * The figures of a strategy as they are stored, with statistics on whether they could be chance.
 * @param hold holding the coin over the same window.
 * @param trials configurations that the scan tries. Their results are spread over independent workers, so the variance
 *   of their Sharpe ratios is assumed to be that of pure chance.
 */
export function storedFigures(
  { figures, trades, ambiguity }: StrategyResult,
  hold: BuyAndHold | null,
  trials: number,
): StrategyFigures {
  const statistics = statisticsOf(trades, { count: trials, sharpeVariance: null });
  return {
    ...figures,
    statistics: {
      winRateLow: statistics.winRateInterval?.low ?? null,
      winRateHigh: statistics.winRateInterval?.high ?? null,
      pValue: statistics.meanTradePValue,
      sharpe: statistics.sharpe,
      probabilisticSharpe: statistics.probabilisticSharpe,
      deflatedSharpe: statistics.deflatedSharpe,
      trials,
      buyAndHoldPnl: hold?.usdt ?? null,
      buyAndHoldPercent: hold?.percent ?? null,
      ambiguousTrades: ambiguity.trades,
      optimisticPnl: ambiguity.optimisticPnl,
    },
  };
}
