/**
 * A necessary condition of a strategy, as data: it has no signal unless the gate is open. The engine tests it in
 * one tight loop, and asks the strategy only about the candles that pass. A gate may be open too often; it must
 * never be shut where `decide` would signal (a test compares both on every candle).
 * Open when the close has moved by more than `changePercent` over `changeWindow` candles, either way, or when
 * RSI is at most `rsiAtMost` or at least `rsiAtLeast`.
 */
export interface Gate {
  readonly changeWindow: number;
  readonly changePercent: number;
  /** -Infinity when RSI alone never opens the gate. */
  readonly rsiAtMost: number;
  /** Infinity when RSI alone never opens the gate. */
  readonly rsiAtLeast: number;
}
