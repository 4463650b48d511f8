import type { Simulation } from "./engine/simulate.ts";
import type { Trade } from "./engine/trade.ts";

/** The figures of one strategy over one window. Amounts in USDT. What is undefined is null, never 0. */
export interface Figures {
  readonly totalTrades: number;
  /** Trades with a net result above zero. */
  readonly wins: number;
  readonly losses: number;
  /** Percent. */
  readonly winRate: number | null;
  readonly totalPnl: number;
  readonly avgWin: number | null;
  /** Negative. */
  readonly avgLoss: number | null;
  /** Sum of wins over sum of losses; null without a loss. */
  readonly profitFactor: number | null;
  /** Deepest fall of the cumulated PnL from its highest value so far (at least 0), as a positive amount. */
  readonly maxDrawdown: number;
  readonly confidenceAvg: number | null;
  /** From the opening of the entry candle to the close of the exit candle. */
  readonly holdingMinutesAvg: number | null;
  readonly fees: number;
  readonly funding: number;
  readonly skippedEntries: number;
}

/** @param intervalMs length of a candle */
export function figuresOf(simulation: Simulation, intervalMs: number): Figures {
  const { trades, skippedEntries } = simulation;
  const won = trades.filter((trade) => trade.net > 0);
  const lost = trades.filter((trade) => !(trade.net > 0));
  const grossProfit = sum(won, (trade) => trade.net);
  const grossLoss = sum(lost, (trade) => trade.net);
  const count = trades.length;
  return {
    totalTrades: count,
    wins: won.length,
    losses: lost.length,
    winRate: ratio(won.length * 100, count),
    totalPnl: sum(trades, (trade) => trade.net),
    avgWin: ratio(grossProfit, won.length),
    avgLoss: ratio(grossLoss, lost.length),
    profitFactor: ratio(grossProfit, -grossLoss),
    maxDrawdown: maxDrawdown(trades),
    confidenceAvg: ratio(
      sum(trades, (trade) => trade.confidence),
      count,
    ),
    holdingMinutesAvg: ratio(
      sum(trades, (trade) => (trade.exitMs + intervalMs - trade.entryMs) / 60_000),
      count,
    ),
    fees: sum(trades, (trade) => trade.fees),
    funding: sum(trades, (trade) => trade.funding),
    skippedEntries,
  };
}

function sum(trades: readonly Trade[], amount: (trade: Trade) => number): number {
  return trades.reduce((total, trade) => total + amount(trade), 0);
}

function ratio(amount: number, by: number): number | null {
  return by === 0 ? null : amount / by;
}

function maxDrawdown(trades: readonly Trade[]): number {
  let total = 0;
  let peak = 0;
  let deepest = 0;
  for (const trade of trades) {
    total += trade.net;
    peak = Math.max(peak, total);
    deepest = Math.max(deepest, peak - total);
  }
  return deepest;
}
