import { objectiveValue } from "#libs/backtest/search/objective.ts";
import { type Score, sharpeOf } from "#libs/backtest/search/score.ts";
import {
  type Earned,
  pnlPerDay,
  type SearchResult,
  type WindowResult,
} from "#libs/backtest/search/search-result.ts";
import type { Segment } from "#libs/backtest/search/walk-forward.ts";
import type { Statistics } from "#libs/backtest/statistics/statistics.ts";
import { openTimeMs } from "#libs/candles/candles.ts";
import { tradeJson } from "../backtest/backtest-json.ts";
import { coverageJson } from "../shared/coverage-text.ts";
import { rulesJson } from "../shared/rules-text.ts";
import { absentFrames } from "./absent-frames.ts";
import { type SearchSubject, searchesStop, valuesByName, whyNoSetTrades } from "./search-subject.ts";

type Json = Record<string, unknown>;

/**
 * A search as one JSON object for programs: snake_case, times in ms, amounts in USDT, undefined figures null. The same
 * for the same search, whatever the number of threads.
 */
export function optimizeJson(subject: SearchSubject, result: SearchResult): Json {
  const { market, strategy, plan, choice, seed } = subject;
  const { candles } = market;
  const times = ({ from, end }: Segment, name: string): Json => ({
    [`${name}_from`]: openTimeMs(candles, from),
    [`${name}_to`]: openTimeMs(candles, end),
  });
  return {
    symbol: market.symbol,
    timeframe: market.timeframe,
    strategy: strategy.name,
    candles: candles.length,
    from_time: openTimeMs(candles, 0),
    to_time: openTimeMs(candles, candles.length),
    rules: rulesJson(subject.rules, subject.tick, searchesStop(subject)),
    coverage: coverageJson(subject.data.coverage),
    notes: subject.data.notes,
    cannot_trade: whyNoSetTrades(subject),
    sets_that_cannot_trade: subject.cannotTrade.filter((reason) => reason !== null).length,
    sets_with_unreachable_stop: subject.unreachableStops,
    search: {
      parameters: Object.fromEntries(subject.searched.map(({ name, values }) => [name, values])),
      fixed: Object.fromEntries(subject.fixed),
      grid_size: subject.size,
      configurations_tried: subject.sets.length,
      seed,
      objective: choice.objective,
      min_trades: choice.minTrades,
      train_candles: plan.trainCandles,
      test_candles: plan.testCandles,
      warm_up_candles: plan.warmUpCandles,
      anchored: plan.anchored,
      absent_frames: absentFrames(subject),
    },
    windows: result.windows.map((window) => ({
      ...times(window.window.train, "train"),
      ...times(window.window.test, "test"),
      ...windowJson(subject, window),
    })),
    in_sample: earnedJson(result.inSample),
    out_of_sample: {
      ...earnedJson(result.outOfSample),
      ...significanceJson(result.significance),
      equity: equity(result.outOfSample),
      trades: result.outOfSample.trades.map(tradeJson),
    },
    out_of_sample_with_defaults: earnedJson(result.usual),
    walk_forward_efficiency: result.efficiency,
    windows_traded: result.tradedWindows,
    windows_profitable: result.profitableWindows,
    stability: {
      different_sets: result.differentSets,
      kept_percent: result.keptPercent,
      chosen: Object.fromEntries(
        subject.searched.map(({ name }) => [
          name,
          result.windows.map(({ ranked }) => {
            const [first] = ranked;
            return first === undefined ? null : valuesByName(subject, first.set)[name];
          }),
        ]),
      ),
    },
    next: {
      ...times(result.next.train, "train"),
      parameters: result.next.set === null ? null : valuesByName(subject, result.next.set),
      in_sample:
        result.next.inSample === null
          ? null
          : { ...earnedJson(result.next.inSample), ...significanceJson(result.next.significance) },
    },
  };
}

function windowJson(subject: SearchSubject, window: WindowResult): Json {
  const [chosen] = window.ranked;
  const scoreJson = (score: Score): Json => ({
    total_trades: score.trades,
    wins: score.wins,
    total_pnl: score.pnl,
    open_trades: score.open,
    open_pnl: score.openPnl,
    sharpe_per_trade: sharpeOf(score),
    objective: objectiveValue(score, subject.choice.objective),
  });
  return {
    parameters: chosen === undefined ? null : valuesByName(subject, chosen.set),
    in_sample:
      window.inSample === null
        ? null
        : { ...earnedJson(window.inSample), ...significanceJson(window.inSampleSignificance) },
    out_of_sample: window.outOfSample === null ? null : earnedJson(window.outOfSample),
    better_than_percent: window.betterThanPercent,
    top: window.ranked.map(({ set, inSample, outOfSample }) => ({
      parameters: valuesByName(subject, set),
      in_sample: scoreJson(inSample),
      out_of_sample: scoreJson(outOfSample),
    })),
  };
}

function earnedJson(earned: Earned): Json {
  const { figures, days, sharpe } = earned;
  return {
    days,
    total_trades: figures.totalTrades,
    wins: figures.wins,
    losses: figures.losses,
    win_rate: figures.winRate,
    total_pnl: figures.totalPnl,
    pnl_per_trade: figures.totalTrades === 0 ? null : figures.totalPnl / figures.totalTrades,
    pnl_per_day: pnlPerDay(earned),
    profit_factor: figures.profitFactor,
    max_drawdown: figures.maxDrawdown,
    sharpe_per_trade: sharpe,
    fees: figures.fees,
    funding: figures.funding,
    skipped_entries: figures.skippedEntries,
    open_trades: earned.open,
    open_pnl: earned.openPnl,
  };
}

function significanceJson(significance: Statistics | null): Json {
  return {
    win_rate_low: significance?.winRateInterval?.low ?? null,
    win_rate_high: significance?.winRateInterval?.high ?? null,
    mean_trade_p_value: significance?.meanTradePValue ?? null,
    probabilistic_sharpe: significance?.probabilisticSharpe ?? null,
    deflated_sharpe: significance?.deflatedSharpe ?? null,
    trials: significance?.trials ?? null,
  };
}

function equity({ trades }: Earned): Json[] {
  let pnl = 0;
  return trades.map((trade) => {
    pnl += trade.net;
    return { time: trade.exitMs, pnl };
  });
}
