import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { closeTrade, type TradeMarket } from "./close-trade.ts";
import { adverseLevel, exitLevel } from "./exit-level.ts";
import type { OpenTrade, Trade } from "./trade.ts";

/** First candle in `[from, end)` that touches the trade's stop, liquidation price or target, or -1. */
export function findExit(candles: Candles, trade: OpenTrade, from: number, end: number): number {
  const find = trade.side === "LONG" ? findLongExit : findShortExit;
  return find(candles, from, end, adverseLevel(trade), trade.takeProfit);
}

/** The trade as it ends in the candle that `findExit` found: see `exitLevel`. */
export function exitTrade(market: TradeMarket, trade: OpenTrade, exitIndex: number): Trade {
  const { open, high, low } = market.candles;
  const level = exitLevel(trade, at(open, exitIndex), at(high, exitIndex), at(low, exitIndex));
  return closeTrade(market, trade, exitIndex, level);
}

function findLongExit(candles: Candles, from: number, end: number, adverse: number, target: number): number {
  const { high, low } = candles;
  for (let i = from; i < end; i++) if (at(low, i) <= adverse || at(high, i) >= target) return i;
  return -1;
}

/** The adverse level of a SHORT is above. */
function findShortExit(candles: Candles, from: number, end: number, adverse: number, target: number): number {
  const { high, low } = candles;
  for (let i = from; i < end; i++) if (at(high, i) >= adverse || at(low, i) <= target) return i;
  return -1;
}
