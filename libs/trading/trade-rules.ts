import type { Side } from "#libs/strategy/decision.ts";

/** How a signal becomes a trade. Percentages are percent: 0.055 is 0.055 %. */
export interface TradeRules {
  /** Isolated margin of one trade, USDT; more than this cannot be lost. */
  readonly marginUsdt: number;
  /** Notional = margin * leverage. */
  readonly leverage: number;
  readonly stopLossPercent: number;
  readonly takeProfitPercent: number;
  /** A side. */
  readonly takerFeePercent: number;
  /** A side, against the trade. */
  readonly slippagePercent: number;
  /** The entry is skipped when the next candle opens further than this from the signal's close. */
  readonly entryTolerancePercent: number;
  /** Maintenance margin rate, percent of the notional: what is left of the margin when the exchange liquidates. */
  readonly maintenanceMarginPercent: number;
}

export const DEFAULT_TRADE_RULES: TradeRules = {
  marginUsdt: 100,
  leverage: 10,
  stopLossPercent: 1,
  takeProfitPercent: 2,
  takerFeePercent: 0.055,
  slippagePercent: 0.01,
  entryTolerancePercent: 0.5,
  maintenanceMarginPercent: 0.5,
};

/** +1 for a LONG, -1 for a SHORT. */
export function directionOf(side: Side): 1 | -1 {
  return side === "LONG" ? 1 : -1;
}

/** What the taker pays on a price: a LONG buys above it. */
export function entryFill(direction: 1 | -1, price: number, rules: TradeRules): number {
  return price * (1 + (direction * rules.slippagePercent) / 100);
}

/** What the taker gets when leaving: a LONG sells below the price. */
export function exitFill(direction: 1 | -1, price: number, rules: TradeRules): number {
  return price * (1 - (direction * rules.slippagePercent) / 100);
}

/**
 * Where the exchange liquidates a position: the loss has used up the isolated margin but for the maintenance margin.
 * Fees and funding do not move it.
 * @param fill the price at which the position was opened, slippage included.
 */
export function liquidationPrice(direction: 1 | -1, fill: number, rules: TradeRules): number {
  return fill * (1 - direction * (1 / rules.leverage - rules.maintenanceMarginPercent / 100));
}

/** Contracts that the notional buys at a fill price. */
export function quantityAt(fill: number, rules: TradeRules): number {
  return (rules.marginUsdt * rules.leverage) / fill;
}

/** USDT, before funding. */
export interface Settlement {
  readonly gross: number;
  readonly fees: number;
  /** The loss has used up the isolated margin: nothing but the margin is lost, whatever the fill. */
  readonly liquidated: boolean;
}

/** Gross result and fees of a trade between two fills. */
export function settle(direction: 1 | -1, fill: number, exit: number, rules: TradeRules): Settlement {
  const quantity = quantityAt(fill, rules);
  const gross = direction * quantity * (exit - fill);
  const fees = (rules.takerFeePercent / 100) * quantity * (fill + exit);
  return { gross, fees, liquidated: gross - fees < -rules.marginUsdt };
}
