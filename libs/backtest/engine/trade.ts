import type { Side } from "#libs/strategy/decision.ts";

/** A position that has been entered. Times are open times of candles in ms, prices in quote currency. */
export interface OpenTrade {
  /** When the signal candle closed; the entry candle opens at this moment. */
  readonly signalMs: number;
  readonly entryMs: number;
  readonly side: Side;
  readonly confidence: number;
  readonly reasons: readonly string[];
  /** Close of the signal candle. */
  readonly entryPrice: number;
  readonly stopLoss: number;
  readonly takeProfit: number;
  /** Open of the entry candle with slippage. */
  readonly fillPrice: number;
  /** Where the margin is used up. The adverse exit is at the nearer of it and the stop. */
  readonly liquidationPrice: number;
}

export type ExitReason = "stop_loss" | "take_profit" | "liquidation";

/** A position that has been left. Amounts in USDT. */
export interface Trade extends OpenTrade {
  /** Open time of the candle in which the trade ended. */
  readonly exitMs: number;
  /** With slippage. */
  readonly exitPrice: number;
  readonly exitReason: ExitReason;
  readonly gross: number;
  readonly fees: number;
  /** Received when positive, paid when negative. */
  readonly funding: number;
  /** `gross - fees + funding`, or minus the margin after a liquidation. */
  readonly net: number;
}
