import { at } from "#libs/candles/at.ts";
import { type Candles, type FundingRates, openTimeMs } from "#libs/candles/candles.ts";
import { entryFill, exitFill, quantityAt, settle, type TradeRules } from "#libs/trading/trade-rules.ts";
import { fundingPaid } from "../engine/funding-paid.ts";

/** What holding the symbol over the window would have given, after fees, slippage and funding. */
export interface BuyAndHold {
  /** Of the notional that each trade of the backtest uses. */
  readonly usdt: number;
  readonly percent: number;
}

/**
 * Buys at the open of the window's first candle and sells at the close of its last, for the same notional and at the
 * same costs as a trade. The notional is paid in full, so that nothing is liquidated on the way.
 * @param firstIndex first candle of the window.
 * @returns null when the window has no candle.
 */
export function buyAndHold(
  candles: Candles,
  funding: FundingRates | null,
  rules: TradeRules,
  firstIndex = 0,
): BuyAndHold | null {
  const last = candles.length - 1;
  if (firstIndex > last) return null;
  const fill = entryFill(1, at(candles.open, firstIndex), rules);
  const { gross, fees } = settle(1, fill, exitFill(1, at(candles.close, last), rules), rules);
  const paid = fundingPaid(candles, funding, {
    direction: 1,
    quantity: quantityAt(fill, rules),
    // A settlement inside the first candle would have no closed candle to be valued at.
    entryMs: openTimeMs(candles, firstIndex + 1) - 1,
    exitMs: openTimeMs(candles, last),
  });
  const usdt = gross - fees + paid;
  return { usdt, percent: (usdt / (rules.marginUsdt * rules.leverage)) * 100 };
}
