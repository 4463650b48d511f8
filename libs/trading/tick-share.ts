import type { TradeRules } from "./trade-rules.ts";

/**
 * How coarse an instrument's tick is for a trade: one tick in percent of the distance from entry to stop. At 100 the
 * stop is a single tick away; above 50 rounding moves the levels by a quarter of that distance and more.
 * @param tickSize as the exchange prints it.
 * @param price of the entry.
 */
export function tickShareOfStop(tickSize: string, price: number, rules: TradeRules): number {
  return (Number(tickSize) / ((price * rules.stopLossPercent) / 100)) * 100;
}
