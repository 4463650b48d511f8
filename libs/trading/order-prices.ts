import type { Side } from "#libs/strategy/decision.ts";
import { roundToTick } from "./round-to-tick.ts";
import {
  directionOf,
  entryFill,
  exitFill,
  liquidationPrice,
  settle,
  type TradeRules,
} from "./trade-rules.ts";

/** Prices of an order, in quote currency. */
export interface OrderPrices {
  readonly entry: number;
  readonly stop: number;
  readonly target: number;
}

/**
 * Entry, stop and target of a signal at a close.
 * @param tickSize the instrument's price step as the exchange formats it ("0.10"): the prices are rounded to it and
 *   have its decimals. Without it they are exact.
 */
export function orderPrices(side: Side, close: number, rules: TradeRules, tickSize?: string): OrderPrices {
  const direction = directionOf(side);
  const stop = close * (1 - (direction * rules.stopLossPercent) / 100);
  const target = close * (1 + (direction * rules.takeProfitPercent) / 100);
  if (tickSize === undefined) return { entry: close, stop, target };
  return {
    entry: roundToTick(close, tickSize),
    stop: roundToTick(stop, tickSize),
    target: roundToTick(target, tickSize),
  };
}

/** USDT after fees and slippage if the entry is filled at its price; funding is unknown in advance. */
export interface ExpectedOutcome {
  readonly atTarget: number;
  /** At the nearer of stop and liquidation price; negative. */
  readonly atStop: number;
}

export function expectedOutcome(side: Side, prices: OrderPrices, rules: TradeRules): ExpectedOutcome {
  const direction = directionOf(side);
  const fill = entryFill(direction, prices.entry, rules);
  const net = (price: number): number => {
    const { gross, fees, liquidated } = settle(direction, fill, exitFill(direction, price, rules), rules);
    return liquidated ? -rules.marginUsdt : gross - fees;
  };
  const isLiquidated = direction * (liquidationPrice(direction, fill, rules) - prices.stop) >= 0;
  return { atTarget: net(prices.target), atStop: isLiquidated ? -rules.marginUsdt : net(prices.stop) };
}
