import type { ExitReason, OpenTrade } from "./trade.ts";

/** Which level ended a trade, and the price there before slippage. */
export interface ExitLevel {
  readonly reason: ExitReason;
  /** The level, or the candle's open when the candle opened beyond it. */
  readonly price: number;
}

/**
 * The level that ends a trade in a candle that touches one. A candle that opens at or beyond the target was there
 * first; otherwise the adverse level is tried before the target. The candle must touch one of them.
 */
export function exitLevel(trade: OpenTrade, open: number, high: number, low: number): ExitLevel {
  const adverseFirst = touchesAdverse(trade, high, low) && !touchesTarget(trade, open, open);
  return adverseFirst ? adverseExit(trade, open) : targetExit(trade, open);
}

/** Where a trade that goes wrong ends: at the nearer of stop and liquidation price. */
export function adverseLevel({
  side,
  stopLoss,
  liquidationPrice,
}: Pick<OpenTrade, "side" | "stopLoss" | "liquidationPrice">): number {
  return side === "LONG" ? Math.max(stopLoss, liquidationPrice) : Math.min(stopLoss, liquidationPrice);
}

/** Whether a candle reaches the nearer of stop and liquidation price. */
export function touchesAdverse(trade: OpenTrade, high: number, low: number): boolean {
  const level = adverseLevel(trade);
  return trade.side === "LONG" ? low <= level : high >= level;
}

/** Whether a candle reaches the target. */
export function touchesTarget(trade: OpenTrade, high: number, low: number): boolean {
  return trade.side === "LONG" ? high >= trade.takeProfit : low <= trade.takeProfit;
}

/** The exit at the nearer of stop and liquidation price: at the open when the candle opened beyond it. */
export function adverseExit(trade: OpenTrade, open: number): ExitLevel {
  const level = adverseLevel(trade);
  return {
    reason: level === trade.liquidationPrice ? "liquidation" : "stop_loss",
    price: trade.side === "LONG" ? Math.min(open, level) : Math.max(open, level),
  };
}

/** The exit at the target: at the open when the candle opened beyond it. */
export function targetExit(trade: OpenTrade, open: number): ExitLevel {
  const price = trade.side === "LONG" ? Math.max(open, trade.takeProfit) : Math.min(open, trade.takeProfit);
  return { reason: "take_profit", price };
}
