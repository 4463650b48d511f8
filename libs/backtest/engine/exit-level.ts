import type { OpenTrade } from "./trade.ts";

/** Which level ended a trade, and the price there before slippage. */
export interface ExitLevel {
  readonly reason: "stop_loss" | "take_profit";
  /** The level, or the candle's open when it gapped beyond. */
  readonly price: number;
}

/** The level that a candle touched, stop before target. The candle must touch one of them. */
export function exitLevel(trade: OpenTrade, open: number, high: number, low: number): ExitLevel {
  return touchesStop(trade, high, low) ? stopLevel(trade, open) : targetLevel(trade, open);
}

export function touchesStop(trade: OpenTrade, high: number, low: number): boolean {
  return trade.side === "LONG" ? low <= trade.stopLoss : high >= trade.stopLoss;
}

export function touchesTarget(trade: OpenTrade, high: number, low: number): boolean {
  return trade.side === "LONG" ? high >= trade.takeProfit : low <= trade.takeProfit;
}

/** The stop's fill: at the open when the candle opened beyond it. */
export function stopLevel(trade: OpenTrade, open: number): ExitLevel {
  const price = trade.side === "LONG" ? Math.min(open, trade.stopLoss) : Math.max(open, trade.stopLoss);
  return { reason: "stop_loss", price };
}

/** The target's fill: at the open when the candle opened beyond it. */
export function targetLevel(trade: OpenTrade, open: number): ExitLevel {
  const price = trade.side === "LONG" ? Math.max(open, trade.takeProfit) : Math.min(open, trade.takeProfit);
  return { reason: "take_profit", price };
}
