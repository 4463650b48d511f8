import { at } from "#libs/strategy/at.ts";
import { type Candles, openTimeMs } from "#libs/strategy/candles.ts";
import type { Signal } from "#libs/strategy/decision.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import { closeTrade } from "./close-trade.ts";
import { exitLevel } from "./exit-level.ts";
import { findLongExit, findShortExit } from "./find-exit.ts";
import { orderPrices } from "./order-prices.ts";
import type { OpenTrade, Trade } from "./trade.ts";
import { directionOf, entryFill, type TradeRules } from "./trade-rules.ts";

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
  const market = { candles, funding, rules };
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
    const level = exitLevel(
      trade,
      at(candles.open, exitIndex),
      at(candles.high, exitIndex),
      at(candles.low, exitIndex),
    );
    trades.push(closeTrade(market, trade, exitIndex, level));
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
