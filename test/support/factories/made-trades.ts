import type { OpenTrade, Trade } from "#libs/backtest/engine/trade.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";

/** A LONG from 100 with its stop at 99 and its target at 102, unless told otherwise. */
export function madeOpenTrade(overrides: Partial<OpenTrade> = {}): OpenTrade {
  return {
    signalMs: 10 * MINUTE_MS,
    entryMs: 10 * MINUTE_MS,
    side: "LONG",
    confidence: 70,
    reasons: [],
    entryPrice: 100,
    stopLoss: 99,
    takeProfit: 102,
    fillPrice: 100,
    ...overrides,
  };
}

/** The same trade, ended at its target without costs, unless told otherwise. */
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
