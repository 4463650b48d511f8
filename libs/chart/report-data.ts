import type { Ambiguity } from "#libs/backtest/engine/review-exits.ts";
import type { ExitReason } from "#libs/backtest/engine/trade.ts";
import type { Figures } from "#libs/backtest/figures.ts";
import type { BuyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import type { Statistics } from "#libs/backtest/statistics/statistics.ts";
import type { Side } from "#libs/strategy/decision.ts";
import type { ZoneRule } from "#libs/strategy/indicators/confluence-zones.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import type { EncodedCandles } from "./candle-codec.ts";

/**
 * What the page is given, as JSON inside it. The figures and trades are the backtest's own values, unrounded: the
 * page formats them and computes nothing that a trade depends on. Times in ms UTC, amounts in USDT.
 */
export interface ReportData {
  readonly symbol: string;
  readonly timeframe: string;
  /** Candles of the window, `[fromMs, toMs)`. */
  readonly candles: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bestStrategy: string;
  readonly writtenAtMs: number;
  readonly rules: TradeRules;
  /** How levels become the zones that are drawn. */
  readonly zoneRule: ZoneRule;
  /** What the backtest was given beside the candles, one sentence each. */
  readonly sources: readonly string[];
  readonly series: EmbeddedSeries;
  /** Of the same window; null when it was not computed. */
  readonly hold: BuyAndHold | null;
  /** Without rates the cost of funding is unknown, and not 0. */
  readonly isFundingKnown: boolean;
  /** In the order of the registry. */
  readonly strategies: readonly ReportedStrategy[];
}

export interface ReportedStrategy {
  readonly name: string;
  readonly description: string;
  readonly figures: Figures;
  readonly ambiguity: Ambiguity;
  /** Null when they were not computed. */
  readonly statistics: Statistics | null;
  /** Why it cannot trade on this data, as a sentence; null when it can. */
  readonly cannotTrade: string | null;
  /** In the order of time; the one still open at the end, if any, is the last. */
  readonly trades: readonly ReportedTrade[];
}

export interface ReportedTrade {
  readonly signalMs: number;
  readonly entryMs: number;
  readonly side: Side;
  readonly confidence: number;
  readonly reasons: readonly string[];
  readonly entryPrice: number;
  readonly stopLoss: number;
  readonly takeProfit: number;
  readonly fillPrice: number;
  readonly liquidationPrice: number;
  /** Null while the trade is open. */
  readonly exit: ReportedExit | null;
  /** What the open trade would give if it were left at the last close, after all costs; null when it has ended. */
  readonly worth: { readonly timeMs: number; readonly price: number; readonly net: number } | null;
  /** The Fibonacci frames that had a full window when the signal candle closed. */
  readonly swings: readonly ReportedSwing[];
}

export interface ReportedExit {
  /** Open time of the candle in which the trade ended. */
  readonly timeMs: number;
  readonly price: number;
  readonly reason: ExitReason;
  readonly gross: number;
  readonly fees: number;
  readonly funding: number;
  readonly net: number;
}

/** A tuple, because a trade has up to five: frame name, swing low, swing high, 1 if the leg is up. */
export type ReportedSwing = readonly [frame: string, low: number, high: number, up: 0 | 1];

/** The candles of the window as far as the page holds them. */
export interface EmbeddedSeries {
  readonly intervalMs: number;
  /** Decimals of the prices. */
  readonly decimals: number;
  /** Stretches in the timeframe itself, ascending and apart from each other. One covers all when nothing is left out. */
  readonly segments: readonly EncodedCandles[];
  /** The whole window in longer candles, when the segments do not cover it; their interval divides a day. */
  readonly overview: (EncodedCandles & { readonly intervalMs: number }) | null;
  /** Trades of all strategies whose own candles are not in a segment, because there are too many. */
  readonly tradesWithoutCandles: number;
}
