import type { OpenTrade, Trade } from "#libs/backtest/engine/trade.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { DEFAULT_TRADE_RULES, directionOf, liquidationPrice } from "#libs/trading/trade-rules.ts";

/** By default a LONG from 100 with its stop at 99, its target at 102 and its liquidation price at 90.5. */
export function madeOpenTrade(overrides: Partial<OpenTrade> = {}): OpenTrade {
  const { side = "LONG", fillPrice = 100 } = overrides;
  return {
    signalMs: 10 * MINUTE_MS,
    entryMs: 10 * MINUTE_MS,
    side,
    confidence: 70,
    reasons: [],
    entryPrice: 100,
    stopLoss: 99,
    takeProfit: 102,
    fillPrice,
    liquidationPrice: liquidationPrice(directionOf(side), fillPrice, DEFAULT_TRADE_RULES),
    ...overrides,
  };
}

/** By default the same trade, ended at its target without costs. */
export function madeTrade(overrides: Partial<Trade> = {}): Trade {
  return {
    ...madeOpenTrade(),
    exitMs: 10 * MINUTE_MS,
    exitPrice: 102,
    exitReason: "take_profit",
    gross: 20,
    fees: 0,
    funding: 0,
    net: 20,
    ...overrides,
  };
}
