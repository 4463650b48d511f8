import type { CandleShape } from "../indicators/candle-shape.ts";
import type { FundingSentiment } from "../indicators/funding.ts";

/**
 * A necessary condition of a strategy, as data: it has no signal unless a door of the gate is open. The engine
 * tests it in one tight loop, and asks the strategy only about the candles that pass. A gate may be open too
 * often; it must never be shut where `decide` would signal (a test compares both on every candle).
 * There are four doors: the close has risen or fallen by more than `changePercent` over `changeWindow` candles,
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
  /** What else each door needs, which hangs on what funding says. */
  readonly needs?: GateNeeds;
}

/** Nothing else; a move of BTC in the trade's direction; or the door cannot lead to a signal at all. */
export type DoorNeed = "nothing" | "btc" | "shut";

export interface DoorNeeds {
  readonly rise: DoorNeed;
  /** RSI after a rise, at most. */
  readonly riseRsiAtMost: number;
  readonly fall: DoorNeed;
  /** RSI after a fall, at least. */
  readonly fallRsiAtLeast: number;
  /** RSI at most `rsiAtMost`, for a LONG. */
  readonly oversold: DoorNeed;
  /** RSI at least `rsiAtLeast`, for a SHORT. */
  readonly overbought: DoorNeed;
}

export interface GateNeeds extends Readonly<Record<FundingSentiment, DoorNeeds>> {
  /** The rate from which on one side counts as heavy. */
  readonly heavyRate: number;
  /** BTC's move in percent over `btcWindow` of its candles. */
  readonly btcWindow: number;
  readonly btcPercent: number;
}
