import type { BacktestResult } from "#libs/backtest/backtest.ts";
import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import type { Statistics } from "#libs/backtest/statistics/statistics.ts";
import type { Data } from "../shared/load-data.ts";
import type { ChosenRules } from "../shared/trade-options.ts";
import type { UsedTick } from "../shared/used-tick.ts";

/** A backtest with what it was made of. */
export interface BacktestOutcome {
  readonly symbol: string;
  readonly timeframe: string;
  readonly rules: ChosenRules;
  /** Null: levels are exact. */
  readonly tick: UsedTick | null;
  readonly data: Data;
  /** Of all segments. */
  readonly result: BacktestResult;
  /** The parts between gaps in order of time, each traded on its own; one where there is no gap. */
  readonly segments: readonly BacktestResult[];
  /** By strategy name: why it cannot trade on this data, or null. */
  readonly cannotTrade: Readonly<Record<string, string | null>>;
  readonly significance: Significance;
}

/** How much of a result may be chance. */
export interface Significance {
  /** Of the same window; null when it has no candle. */
  readonly hold: BuyAndHold | null;
  /** By strategy name. */
  readonly statistics: Readonly<Record<string, Statistics>>;
}
