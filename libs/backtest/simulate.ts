import { at } from "#libs/strategy/at.ts";
import { type Candles, openTimeMs } from "#libs/strategy/candles.ts";
import type { Signal } from "#libs/strategy/decision.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { findLongExit, findShortExit } from "./find-exit.ts";
import { fundingPaid } from "./funding-paid.ts";
import { orderPrices } from "./order-prices.ts";
import type { ExitReason, OpenTrade, Trade } from "./trade.ts";
import { directionOf, entryFill, exitFill, quantityAt, settle, type TradeRules } from "./trade-rules.ts";

export interface SimulationOptions<P extends object> {
  readonly parameters: P;
  readonly rules: TradeRules;
  /** The instrument's price step as printed; prices are exact without it. */
  readonly tickSize: string | undefined;
  /** First candle a decision is made about. */
  readonly firstIndex: number;
}

export interface Simulation {
  readonly trades: readonly Trade[];
  /** The position still open after the last candle. It counts in no figure. */
  readonly openTrade: OpenTrade | null;
  /** Signals whose next candle opened beyond the entry tolerance. */
  readonly skippedEntries: number;
}

/** Trades one strategy over a study, one position at a time. */
export function simulate<P extends object>(
  study: Study,
  strategy: Strategy<P>,
  options: SimulationOptions<P>,
): Simulation {
  const { candles, funding } = study.input;
  const { parameters, rules, tickSize } = options;
  const trades: Trade[] = [];
  let skippedEntries = 0;
  // The last candle has no next one to enter at.
  const last = candles.length - 1;
  const gate = strategy.gate?.(parameters);
  for (let i = options.firstIndex; i < last; ) {
    if (gate !== undefined) {
      i = study.seek(i, last, gate);
      if (i === last) break;
    }
    const decision = strategy.decide(study.at(i), parameters);
    if (decision.kind === "none") {
      i++;
      continue;
    }
    const entryIndex = i + 1;
    const prices = orderPrices(decision.side, at(candles.close, i), rules, tickSize);
    const open = at(candles.open, entryIndex);
    if (Math.abs(open / prices.entry - 1) > rules.entryTolerancePercent / 100) {
      skippedEntries++;
      i = entryIndex;
      continue;
    }
    const trade = enter(candles, entryIndex, decision, prices, rules);
    const findExit = decision.side === "LONG" ? findLongExit : findShortExit;
    const exitIndex = findExit(candles, entryIndex, prices.stop, prices.target);
    if (exitIndex === -1) return { trades, openTrade: trade, skippedEntries };
    trades.push(leave(candles, exitIndex, trade, rules, funding));
    // The candle in which the trade ended has closed with no position open: it may signal the next one.
    i = exitIndex;
  }
  return { trades, openTrade: null, skippedEntries };
}

function enter(
  candles: Candles,
  entryIndex: number,
  signal: Signal,
  prices: { entry: number; stop: number; target: number },
  rules: TradeRules,
): OpenTrade {
  const entryMs = openTimeMs(candles, entryIndex);
  return {
    signalMs: entryMs,
    entryMs,
    side: signal.side,
    confidence: signal.confidence,
    reasons: signal.reasons,
    entryPrice: prices.entry,
    stopLoss: prices.stop,
    takeProfit: prices.target,
    fillPrice: entryFill(directionOf(signal.side), at(candles.open, entryIndex), rules),
  };
}

function leave(
  candles: Candles,
  exitIndex: number,
  trade: OpenTrade,
  rules: TradeRules,
  fundingRates: Study["input"]["funding"],
): Trade {
  const direction = directionOf(trade.side);
  const open = at(candles.open, exitIndex);
  const { reason, price } = exitLevel(trade, open, at(candles.high, exitIndex), at(candles.low, exitIndex));
  const exitPrice = exitFill(direction, price, rules);
  const { gross, fees, liquidated } = settle(direction, trade.fillPrice, exitPrice, rules);
  const exitMs = openTimeMs(candles, exitIndex);
  const funding = fundingPaid(candles, fundingRates, {
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
    exitMs,
    exitPrice,
    exitReason: liquidated ? "liquidation" : reason,
    gross,
    fees,
    funding,
    net: liquidated ? -rules.marginUsdt : gross - fees + funding,
  };
}

/** Which level a candle touched, stop before target, and the price there: the open when it gapped beyond. */
function exitLevel(
  trade: OpenTrade,
  open: number,
  high: number,
  low: number,
): { reason: ExitReason; price: number } {
  const { stopLoss, takeProfit } = trade;
  if (trade.side === "LONG") {
    if (low <= stopLoss) return { reason: "stop_loss", price: Math.min(open, stopLoss) };
    return { reason: "take_profit", price: Math.max(open, takeProfit) };
  }
  if (high >= stopLoss) return { reason: "stop_loss", price: Math.max(open, stopLoss) };
  return { reason: "take_profit", price: Math.min(open, takeProfit) };
}
