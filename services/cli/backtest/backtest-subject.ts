import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import type { Statistics } from "#libs/backtest/statistics/statistics.ts";

/** What was backtested. */
export interface BacktestSubject {
  readonly symbol: string;
  readonly timeframe: string;
}

/** How much of a result may be chance. */
export interface Significance {
  /** Of the same window; null when it has no candle. */
  readonly hold: BuyAndHold | null;
  /** By strategy name. */
  readonly statistics: Readonly<Record<string, Statistics>>;
}
