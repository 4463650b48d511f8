import type { Timeframe } from "#libs/candles/timeframe.ts";
import { RESULT_LIFE_SECONDS } from "#libs/contracts/results-item.ts";
import type { ResultIdentity, TimeframeOutcome } from "#libs/store/results-store.ts";

/**
 * The item a coin must end with when each of the outcomes has been recorded, whatever happened on the way:
 * figured out here from all outcomes at once, as a person would.
 */
export function expectedItem(
  who: ResultIdentity,
  outcomes: readonly TimeframeOutcome[],
  timeframesOfScan: readonly Timeframe[],
) {
  const [best] = outcomes
    .filter(({ result }) => result.status === "completed" && result.totalTrades > 0)
    .sort(
      (a, b) =>
        b.result.totalPnl - a.result.totalPnl ||
        (b.result.winRate ?? 0) - (a.result.winRate ?? 0) ||
        Number.parseInt(a.timeframe, 10) - Number.parseInt(b.timeframe, 10),
    );
  const complete = timeframesOfScan.every((name) => outcomes.some(({ timeframe }) => timeframe === name));
  return {
    symbol: who.symbol,
    scanTimestamp: who.scanTimestamp,
    scanId: who.scanId,
    volatility24h: who.volatility24h,
    turnover: who.turnover24h,
    price: who.price,
    priceChange24h: who.priceChange24h,
    timeframes: Object.fromEntries(outcomes.map(({ timeframe, result }) => [timeframe, result])),
    ...(best === undefined
      ? {}
      : {
          optimalTimeframe: best.timeframe,
          optimalPnl: best.result.totalPnl,
          optimalWinRate: best.result.winRate,
          btcCorrelation: best.btcCorrelation,
          trendAnalysis: best.trendAnalysis,
        }),
    version: outcomes.length,
    status: best !== undefined ? "active" : complete ? "inactive" : "pending",
    ttl: who.scanTimestamp + RESULT_LIFE_SECONDS,
  };
}
