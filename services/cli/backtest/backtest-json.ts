import type { BacktestResult, StrategyResult } from "#libs/backtest/backtest.ts";
import type { OpenTrade, Trade } from "#libs/backtest/engine/trade.ts";
import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import type { Statistics } from "#libs/backtest/statistics/statistics.ts";
import type { BacktestSubject, Significance } from "./backtest-subject.ts";

/**
 * A result as one JSON object for programs: snake_case, times in ms, amounts in USDT, undefined figures null.
 * @param significance adds to each strategy what of its result may be chance; without it the shape stays as it always was.
 * @param withAmbiguity adds how many trades the candles alone do not decide; they come with significance in any case.
 */
export function backtestJson(
  subject: BacktestSubject,
  result: BacktestResult,
  significance: Significance | null = null,
  withAmbiguity: boolean = significance !== null,
): Record<string, unknown> {
  return {
    symbol: subject.symbol,
    timeframe: subject.timeframe,
    candles: result.candles,
    from_time: result.fromMs,
    to_time: result.toMs,
    strategies: Object.fromEntries(
      Object.entries(result.strategies).map(([name, strategy]) => {
        const statistics = significance?.statistics[name];
        return [
          name,
          {
            ...strategyJson(strategy),
            ...(withAmbiguity ? ambiguityJson(strategy) : {}),
            ...(significance === null || statistics === undefined
              ? {}
              : { statistics: statisticsJson(statistics, significance.hold) }),
          },
        ];
      }),
    ),
    best_strategy: result.bestStrategy,
  };
}

function strategyJson({ figures, trades, openTrade }: StrategyResult): Record<string, unknown> {
  return {
    total_trades: figures.totalTrades,
    wins: figures.wins,
    losses: figures.losses,
    win_rate: figures.winRate,
    total_pnl: figures.totalPnl,
    avg_win: figures.avgWin,
    avg_loss: figures.avgLoss,
    profit_factor: figures.profitFactor,
    max_drawdown: figures.maxDrawdown,
    confidence_avg: figures.confidenceAvg,
    holding_minutes_avg: figures.holdingMinutesAvg,
    fees: figures.fees,
    funding: figures.funding,
    skipped_entries: figures.skippedEntries,
    open_trade: openTrade === null ? null : openTradeJson(openTrade),
    trades: trades.map(tradeJson),
  };
}

function ambiguityJson({ ambiguity }: StrategyResult): Record<string, unknown> {
  return {
    ambiguous_trades: ambiguity.trades,
    ambiguous_trades_decided: ambiguity.decided,
    optimistic_pnl: ambiguity.optimisticPnl,
    optimistic_win_rate: ambiguity.optimisticWinRate,
  };
}

function statisticsJson(statistics: Statistics, hold: BuyAndHold | null): Record<string, unknown> {
  return {
    win_rate_low: statistics.winRateInterval?.low ?? null,
    win_rate_high: statistics.winRateInterval?.high ?? null,
    mean_trade_p_value: statistics.meanTradePValue,
    sharpe_per_trade: statistics.sharpe,
    probabilistic_sharpe: statistics.probabilisticSharpe,
    deflated_sharpe: statistics.deflatedSharpe,
    trials: statistics.trials,
    buy_and_hold_pnl: hold?.usdt ?? null,
    buy_and_hold_percent: hold?.percent ?? null,
  };
}

/** The keys of a trade without those of its exit. */
function openTradeJson(trade: OpenTrade): Record<string, unknown> {
  return {
    signal_time: trade.signalMs,
    entry_time: trade.entryMs,
    side: trade.side,
    confidence: trade.confidence,
    entry_price: trade.entryPrice,
    stop_loss: trade.stopLoss,
    take_profit: trade.takeProfit,
    fill_price: trade.fillPrice,
  };
}

export function tradeJson(trade: Trade): Record<string, unknown> {
  return {
    signal_time: trade.signalMs,
    entry_time: trade.entryMs,
    exit_time: trade.exitMs,
    side: trade.side,
    confidence: trade.confidence,
    entry_price: trade.entryPrice,
    stop_loss: trade.stopLoss,
    take_profit: trade.takeProfit,
    fill_price: trade.fillPrice,
    exit_price: trade.exitPrice,
    exit_reason: trade.exitReason,
    gross_pnl: trade.gross,
    fees: trade.fees,
    funding: trade.funding,
    net_pnl: trade.net,
  };
}
