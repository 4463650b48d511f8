import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study } from "#libs/strategy/study.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { enterTrade } from "./enter-trade.ts";
import { exitTrade, findExit } from "./find-exit.ts";
import type { OpenTrade, Trade } from "./trade.ts";

export interface SimulationOptions<P extends object> {
  readonly parameters: P;
  readonly rules: TradeRules;
  /** The instrument's price step as printed; prices are exact without it. */
  readonly tickSize: string | undefined;
  /** First candle a decision is made about. */
  readonly firstIndex: number;
  /** Candles from here on are not there: nothing is decided about them and no trade ends in them. Default: all are. */
  readonly endIndex?: number | undefined;
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
  const end = options.endIndex ?? candles.length;
  // The last candle has no next one to enter at.
  const last = end - 1;
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
    const trade = enterTrade(candles, i, decision, rules, tickSize);
    if (trade === null) {
      skippedEntries++;
      i = entryIndex;
      continue;
    }
    const exitIndex = findExit(candles, trade, entryIndex, end);
    if (exitIndex === -1) return { trades, openTrade: trade, skippedEntries };
    trades.push(exitTrade(market, trade, exitIndex));
    // The candle in which the trade ended has closed with no position open: it may signal the next one.
    i = exitIndex;
  }
  return { trades, openTrade: null, skippedEntries };
}
