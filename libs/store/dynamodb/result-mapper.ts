import type { z } from "zod";
import {
  resultsItemSchema,
  type StrategyStatistics,
  type TimeframeResult,
} from "#libs/contracts/results-item.ts";
import type { TimeframeOutcome } from "../results-store.ts";
import { twoDecimals, twoDecimalsOrNull } from "./two-decimals.ts";

/** Rounds money and percentages of a result to two decimals; ratios, counts and times are unchanged. */
export function roundedResult(result: TimeframeResult): TimeframeResult {
  return {
    ...result,
    winRate: twoDecimalsOrNull(result.winRate),
    totalPnl: twoDecimals(result.totalPnl),
    avgWin: twoDecimalsOrNull(result.avgWin),
    avgLoss: twoDecimalsOrNull(result.avgLoss),
    maxDrawdown: twoDecimals(result.maxDrawdown),
    confidenceAvg: twoDecimalsOrNull(result.confidenceAvg),
    strategies: Object.fromEntries(
      Object.entries(result.strategies).map(([name, figures]) => [
        name,
        {
          ...figures,
          winRate: twoDecimalsOrNull(figures.winRate),
          totalPnl: twoDecimals(figures.totalPnl),
          avgWin: twoDecimalsOrNull(figures.avgWin),
          avgLoss: twoDecimalsOrNull(figures.avgLoss),
          maxDrawdown: twoDecimals(figures.maxDrawdown),
          confidenceAvg: twoDecimalsOrNull(figures.confidenceAvg),
          fees: twoDecimals(figures.fees),
          funding: twoDecimals(figures.funding),
          ...(figures.statistics === undefined ? {} : { statistics: roundedStatistics(figures.statistics) }),
        },
      ]),
    ),
  };
}

function roundedStatistics(statistics: StrategyStatistics): StrategyStatistics {
  return {
    ...statistics,
    winRateLow: twoDecimalsOrNull(statistics.winRateLow),
    winRateHigh: twoDecimalsOrNull(statistics.winRateHigh),
    buyAndHoldPnl: twoDecimalsOrNull(statistics.buyAndHoldPnl),
    buyAndHoldPercent: twoDecimalsOrNull(statistics.buyAndHoldPercent),
    optimisticPnl: twoDecimals(statistics.optimisticPnl),
  };
}

/** The fields of an item that describe its best timeframe; they are always written together. */
export const optimumSchema = resultsItemSchema
  .pick({
    optimalTimeframe: true,
    optimalPnl: true,
    optimalWinRate: true,
    btcCorrelation: true,
    trendAnalysis: true,
  })
  .required({ optimalTimeframe: true, optimalPnl: true, optimalWinRate: true });

export type Optimum = z.infer<typeof optimumSchema>;

/** The outcome as the item's optimum; null without trades, which cannot be an optimum. */
export function optimumOf(outcome: TimeframeOutcome): Optimum | null {
  const { status, totalTrades, totalPnl, winRate } = roundedResult(outcome.result);
  if (status !== "completed" || totalTrades === 0 || winRate === null) return null;
  const trend = outcome.trendAnalysis;
  return {
    optimalTimeframe: outcome.timeframe,
    optimalPnl: totalPnl,
    optimalWinRate: winRate,
    btcCorrelation: outcome.btcCorrelation,
    ...(trend === null
      ? {}
      : {
          trendAnalysis: {
            trend: trend.trend,
            strength: twoDecimals(trend.strength),
            change: twoDecimals(trend.change),
          },
        }),
  };
}
