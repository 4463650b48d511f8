import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import { type Strategy, type StrategyParameters, withDefaults } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { DEFAULT_TRADE_RULES, type TradeRules } from "#libs/trading/trade-rules.ts";
import { runStrategy, type StrategyResult } from "./engine/run-strategy.ts";
import type { Figures } from "./figures.ts";

export type { StrategyResult } from "./engine/run-strategy.ts";

export interface BacktestOptions {
  /** Default: the whole registry. */
  readonly strategies?: readonly Strategy[];
  readonly rules?: TradeRules;
  /** Replaced defaults by strategy name. */
  readonly parameters?: Readonly<Record<string, StrategyParameters>>;
  /**
   * First candle of the window; those before it only warm the indicators up. Decisions start at 60 in any case.
   */
  readonly firstIndex?: number;
  /** The instrument's price step as printed ("0.10"): order prices are rounded to it. */
  readonly tickSize?: string;
  /** Shorter candles of the symbol: they decide where stop and target lie in one candle. */
  readonly detail?: Candles;
}

export interface BacktestResult {
  /** Candles of the window. */
  readonly candles: number;
  /** Open time of the window's first candle and close time of its last, milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Name of the strategy with the highest PnL among those that traded, or `NONE`. */
  readonly bestStrategy: string;
  /** By strategy name, in the order of the registry. */
  readonly strategies: Readonly<Record<string, StrategyResult>>;
}

const NO_STRATEGY = "NONE";

/**
 * Trades each strategy on its own over the same candles, with the decisions the finder makes live.
 * @throws RangeError when candles of a wrong interval or unknown parameters are given, or a detail that is no shorter
 *   than the candles.
 */
export function backtest(input: StudyInput, options: BacktestOptions = {}): BacktestResult {
  const { candles } = input;
  const { rules = DEFAULT_TRADE_RULES, tickSize, detail } = options;
  const windowStart = Math.min(Math.max(0, options.firstIndex ?? 0), candles.length);
  const firstIndex = Math.max(FIRST_DECISION_INDEX, windowStart);
  const study = makeStudy(input);
  const results = (options.strategies ?? STRATEGIES).map((strategy): [string, StrategyResult] => {
    const parameters = withDefaults(strategy, options.parameters?.[strategy.name]);
    return [strategy.name, runStrategy(study, strategy, { parameters, rules, tickSize, firstIndex, detail })];
  });
  return {
    candles: candles.length - windowStart,
    fromMs: openTimeMs(candles, windowStart),
    toMs: openTimeMs(candles, candles.length),
    bestStrategy: bestStrategyOf(results),
    strategies: Object.fromEntries(results),
  };
}

/** Highest PnL among those with a trade; on equal PnL the higher win rate, then the earlier in the registry. */
export function bestStrategyOf(results: readonly (readonly [string, StrategyResult])[]): string {
  let bestName = NO_STRATEGY;
  let best: Figures | null = null;
  for (const [name, { figures }] of results) {
    if (figures.totalTrades === 0) continue;
    const better =
      best === null ||
      figures.totalPnl > best.totalPnl ||
      (figures.totalPnl === best.totalPnl && (figures.winRate ?? 0) > (best.winRate ?? 0));
    if (!better) continue;
    bestName = name;
    best = figures;
  }
  return bestName;
}
