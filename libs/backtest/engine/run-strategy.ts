import type { Candles } from "#libs/candles/candles.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { type Figures, figuresOf } from "../figures.ts";
import { type OpenWorth, openWorth } from "./open-worth.ts";
import { type Ambiguity, reviewExits } from "./review-exits.ts";
import { type SimulationOptions, simulate } from "./simulate.ts";
import type { OpenTrade, Trade } from "./trade.ts";

export interface StrategyResult {
  readonly figures: Figures;
  /** In the order of time. */
  readonly trades: readonly Trade[];
  /** The position still open at the end, which counts in no figure. */
  readonly openTrade: OpenTrade | null;
  /** What that position would give if it were left at the last close; null without one. */
  readonly openWorth: OpenWorth | null;
  /** Trades whose candle does not say whether stop, liquidation or target came first. */
  readonly ambiguity: Ambiguity;
}

export interface RunOptions<P extends object> extends SimulationOptions<P> {
  /** Shorter candles of the symbol: they decide where stop and target lie in one candle. */
  readonly detail?: Candles | undefined;
}

/**
 * Trades one strategy over a study and counts what came of it.
 * @throws RangeError when the detail is no shorter than the candles.
 */
export function runStrategy<P extends object>(
  study: Study,
  strategy: Strategy<P>,
  options: RunOptions<P>,
): StrategyResult {
  const { candles, funding } = study.input;
  const { openTrade, skippedEntries, ...simulation } = simulate(study, strategy, options);
  const market = { candles, funding, rules: options.rules };
  const { trades, ambiguity } = reviewExits(simulation.trades, market, options.detail);
  const figures = figuresOf({ trades, openTrade, skippedEntries }, candles.intervalMs);
  const end = options.endIndex ?? candles.length;
  const worth = openTrade === null ? null : openWorth(market, openTrade, end);
  return { figures, trades, openTrade, openWorth: worth, ambiguity };
}
