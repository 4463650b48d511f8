import { type Candles, type FundingRates, openTimeMs } from "#libs/candles/candles.ts";
import { directionOf, exitFill, quantityAt, settle, type TradeRules } from "#libs/trading/trade-rules.ts";
import type { ExitLevel } from "./exit-level.ts";
import { fundingPaid } from "./funding-paid.ts";
import type { OpenTrade, Trade } from "./trade.ts";

/** What a trade's result rests on beside the trade itself. */
export interface TradeMarket {
  readonly candles: Candles;
  readonly funding: FundingRates | null;
  readonly rules: TradeRules;
}

/** The trade as it ends at a level in candle `exitIndex`. */
export function closeTrade(
  market: TradeMarket,
  trade: OpenTrade,
  exitIndex: number,
  level: ExitLevel,
): Trade {
  const { candles, rules } = market;
  const direction = directionOf(trade.side);
  const exitPrice = exitFill(direction, level.price, rules);
  const settlement = settle(direction, trade.fillPrice, exitPrice, rules);
  const { gross, fees } = settlement;
  const liquidated = settlement.liquidated || level.reason === "liquidation";
  const exitMs = openTimeMs(candles, exitIndex);
  const funding = fundingPaid(candles, market.funding, {
    direction,
    quantity: quantityAt(trade.fillPrice, rules),
    entryMs: trade.entryMs,
    exitMs,
  });
  // Written out: copying with a spread costs more than all of the trade's arithmetic.
  return {
    signalMs: trade.signalMs,
    entryMs: trade.entryMs,
    side: trade.side,
    confidence: trade.confidence,
    reasons: trade.reasons,
    entryPrice: trade.entryPrice,
    stopLoss: trade.stopLoss,
    takeProfit: trade.takeProfit,
    fillPrice: trade.fillPrice,
    liquidationPrice: trade.liquidationPrice,
    exitMs,
    exitPrice,
    exitReason: liquidated ? "liquidation" : level.reason,
    gross,
    fees,
    funding,
    net: liquidated ? -rules.marginUsdt : gross - fees + funding,
  };
}
