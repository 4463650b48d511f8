import type { CandleShape } from "../indicators/candle-shape.ts";
import type { FundingSentiment } from "../indicators/funding.ts";

/**
 * A necessary condition of a strategy, as data: it has no signal unless a trigger of the gate is open. The engine
 * tests it in one tight loop, and asks the strategy only about the candles that pass. A gate may be open too
 * often; it must never be closed where `decide` would signal (a test compares both on every candle).
 * There are four triggers: the close has risen or fallen by more than `changePercent` over `changeWindow` candles,
 * RSI is at most `rsiAtMost`, or at least `rsiAtLeast`.
 */
export interface Gate {
  readonly changeWindow: number;
  readonly changePercent: number;
  /** -Infinity when RSI alone never opens the gate. */
  readonly rsiAtMost: number;
  /** Infinity when RSI alone never opens the gate. */
  readonly rsiAtLeast: number;
  /** After a rise only a bullish candle of this shape, after a fall only a bearish one. */
  readonly candle?: CandleShape;
  /** What else each trigger requires; depends on the funding sentiment. */
  readonly conditions?: GateConditions;
}

/** Nothing else; a move of BTC in the trade's direction; or the trigger cannot lead to a signal at all. */
export type TriggerCondition = "nothing" | "btc" | "closed";

export interface TriggerConditions {
  readonly rise: TriggerCondition;
  /** RSI after a rise, at most. */
  readonly riseRsiAtMost: number;
  readonly fall: TriggerCondition;
  /** RSI after a fall, at least. */
  readonly fallRsiAtLeast: number;
  /** RSI at most `rsiAtMost`, for a LONG. */
  readonly oversold: TriggerCondition;
  /** RSI at least `rsiAtLeast`, for a SHORT. */
  readonly overbought: TriggerCondition;
}

export interface GateConditions extends Readonly<Record<FundingSentiment, TriggerConditions>> {
  /** The rate from which on one side counts as heavy. */
  readonly heavyRate: number;
  /** BTC's move in percent over `btcWindow` of its candles. */
  readonly btcWindow: number;
  readonly btcPercent: number;
}
