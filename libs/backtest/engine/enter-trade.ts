import { at } from "#libs/candles/at.ts";
import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import type { Signal } from "#libs/strategy/decision.ts";
import { orderPrices } from "#libs/trading/order-prices.ts";
import { directionOf, entryFill, liquidationPrice, type TradeRules } from "#libs/trading/trade-rules.ts";
import type { OpenTrade } from "./trade.ts";

/**
 * The position that a signal on candle `i` opens at the next candle, which must exist.
 * @param tickSize the instrument's price step as printed; prices are exact without it.
 * @returns null when the next candle opens beyond the entry tolerance: the entry is skipped.
 */
export function enterTrade(
  candles: Candles,
  i: number,
  signal: Signal,
  rules: TradeRules,
  tickSize: string | undefined,
): OpenTrade | null {
  const prices = orderPrices(signal.side, at(candles.close, i), rules, tickSize);
  const open = at(candles.open, i + 1);
  if (Math.abs(open / prices.entry - 1) > rules.entryTolerancePercent / 100) return null;
  const entryMs = openTimeMs(candles, i + 1);
  const direction = directionOf(signal.side);
  const fillPrice = entryFill(direction, open, rules);
  return {
    signalMs: entryMs,
    entryMs,
    side: signal.side,
    confidence: signal.confidence,
    reasons: signal.reasons,
    entryPrice: prices.entry,
    stopLoss: prices.stop,
    takeProfit: prices.target,
    fillPrice,
    liquidationPrice: liquidationPrice(direction, fillPrice, rules),
  };
}
