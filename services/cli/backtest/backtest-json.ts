import type { BacktestResult, StrategyResult } from "#libs/backtest/backtest.ts";
import type { OpenWorth } from "#libs/backtest/engine/open-worth.ts";
import type { OpenTrade, Trade } from "#libs/backtest/engine/trade.ts";
import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import type { Statistics } from "#libs/backtest/statistics/statistics.ts";
import { coverageJson } from "../shared/coverage-text.ts";
import { rulesJson } from "../shared/rules-text.ts";
import type { BacktestOutcome } from "./backtest-outcome.ts";

/**
 * A result as one JSON object for programs: snake_case, times in ms, amounts in USDT, undefined figures null. The shape
 * that other programs rely on: `outcomeJson` only adds to it.
 */
export function backtestJson(
  subject: { readonly symbol: string; readonly timeframe: string },
  result: BacktestResult,
): BacktestJson {
  return {
    symbol: subject.symbol,
    timeframe: subject.timeframe,
    candles: result.candles,
    from_time: result.fromMs,
    to_time: result.toMs,
    strategies: Object.fromEntries(
      Object.entries(result.strategies).map(([name, strategy]) => [name, strategyJson(strategy)]),
    ),
    best_strategy: result.bestStrategy,
  };
}

type Json = Record<string, unknown>;
type BacktestJson = Json & { readonly strategies: Readonly<Record<string, Json>> };

/**
 * A result with the rules it was traded by, what the data covers and why a strategy cannot trade.
 * @param parts which further figures of each strategy to add: what of its result may be chance, and how many trades the
 * candles alone do not decide.
 */
export function outcomeJson(
  outcome: BacktestOutcome,
  parts: { readonly withStatistics: boolean; readonly withAmbiguity: boolean },
): Json {
  const { result, significance, cannotTrade, data } = outcome;
  const base = backtestJson(outcome, result);
  const strategies = Object.entries(result.strategies).map(([name, strategy]): [string, Json] => {
    const statistics = parts.withStatistics ? significance.statistics[name] : undefined;
    return [
      name,
      {
        ...base.strategies[name],
        cannot_trade: cannotTrade[name] ?? null,
        open_trade_worth: strategy.openWorth === null ? null : worthJson(strategy.openWorth),
        ...(parts.withAmbiguity ? ambiguityJson(strategy) : {}),
        ...(statistics === undefined ? {} : { statistics: statisticsJson(statistics, significance.hold) }),
      },
    ];
  });
  return {
    ...base,
    strategies: Object.fromEntries(strategies),
    rules: rulesJson(outcome.rules, outcome.tick),
    ...(outcome.segments.length === 1 ? {} : { segments: outcome.segments.map(segmentJson) }),
    coverage: coverageJson(data.coverage),
    notes: data.notes,
  };
}

function strategyJson({ figures, trades, openTrade }: StrategyResult): Json {
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

/** What the open trade would give if it were left at the last close: the keys of a trade's exit. */
function worthJson({ closedMs, price, gross, fees, funding, net }: OpenWorth): Json {
  return { time: closedMs, price, gross_pnl: gross, fees, funding, net_pnl: net };
}

function ambiguityJson({ ambiguity }: StrategyResult): Json {
  return {
    ambiguous_trades: ambiguity.trades,
    ambiguous_trades_decided: ambiguity.decided,
    optimistic_pnl: ambiguity.optimisticPnl,
    optimistic_win_rate: ambiguity.optimisticWinRate,
  };
}

function statisticsJson(statistics: Statistics, hold: BuyAndHold | null): Json {
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

/** A part between gaps, with the position that is open at its end and in no figure. */
function segmentJson({ candles, fromMs, toMs, strategies }: BacktestResult): Json {
  return {
    candles,
    from_time: fromMs,
    to_time: toMs,
    strategies: Object.fromEntries(
      Object.entries(strategies).map(([name, { figures, openTrade, openWorth }]) => [
        name,
        {
          total_trades: figures.totalTrades,
          total_pnl: figures.totalPnl,
          open_trade: openTrade === null ? null : openTradeJson(openTrade),
          open_trade_worth: openWorth === null ? null : worthJson(openWorth),
        },
      ]),
    ),
  };
}

/** The keys of a trade without those of its exit. */
function openTradeJson(trade: OpenTrade): Json {
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

export function tradeJson(trade: Trade): Json {
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
