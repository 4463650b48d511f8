import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { closeTrade, type TradeMarket } from "./close-trade.ts";
import { exitLevel } from "./exit-level.ts";
import type { OpenTrade, Trade } from "./trade.ts";

/** First candle in `[from, end)` in which the trade's stop or target is touched, or -1. */
export function findExit(candles: Candles, trade: OpenTrade, from: number, end: number): number {
  const find = trade.side === "LONG" ? findLongExit : findShortExit;
  return find(candles, from, end, trade.stopLoss, trade.takeProfit);
}

/** The trade as it ends in the candle that `findExit` found: the stop is tried before the target. */
export function exitTrade(market: TradeMarket, trade: OpenTrade, exitIndex: number): Trade {
  const { open, high, low } = market.candles;
  const level = exitLevel(trade, at(open, exitIndex), at(high, exitIndex), at(low, exitIndex));
  return closeTrade(market, trade, exitIndex, level);
}

function findLongExit(candles: Candles, from: number, end: number, stop: number, target: number): number {
  const { high, low } = candles;
  for (let i = from; i < end; i++) if (at(low, i) <= stop || at(high, i) >= target) return i;
  return -1;
}

/** The stop of a SHORT is above. */
function findShortExit(candles: Candles, from: number, end: number, stop: number, target: number): number {
  const { high, low } = candles;
  for (let i = from; i < end; i++) if (at(high, i) >= stop || at(low, i) <= target) return i;
  return -1;
}
