import { type Interval, wilsonInterval } from "#libs/backtest/statistics/wilson-interval.ts";

/** What a summary counts of a signal. */
export interface SignalResult {
  /** USDT after costs and funding; null unless the signal was a trade and has ended. */
  readonly net: number | null;
  /** Still followed. */
  readonly isOpen: boolean;
}

/** Figures of a group of signals, each traded on its own. What is undefined is null, never 0. */
export interface SignalSummary {
  readonly signals: number;
  /** Trades that have ended: the n of all figures below. */
  readonly ended: number;
  readonly open: number;
  /** No trade, or a result that cannot be computed. */
  readonly withoutResult: number;
  readonly wins: number;
  /** Percent. */
  readonly winRate: number | null;
  /** The true win rates that the trades do not contradict, percent, 95 % sure. */
  readonly winRateInterval: Interval | null;
  /** USDT. */
  readonly net: number;
  /** Sum of wins over sum of losses; null without a loss. */
  readonly profitFactor: number | null;
}

export function summarizeSignals(results: readonly SignalResult[]): SignalSummary {
  const nets = results.flatMap(({ net }) => (net === null ? [] : [net]));
  const open = results.filter(({ isOpen }) => isOpen).length;
  const won = nets.filter((net) => net > 0);
  const profit = sum(won);
  const loss = -sum(nets.filter((net) => !(net > 0)));
  return {
    signals: results.length,
    ended: nets.length,
    open,
    withoutResult: results.length - nets.length - open,
    wins: won.length,
    winRate: nets.length === 0 ? null : (won.length * 100) / nets.length,
    winRateInterval: wilsonInterval(won.length, nets.length),
    net: sum(nets),
    profitFactor: loss === 0 ? null : profit / loss,
  };
}

/** The summaries of the groups by key, in the order of the keys. */
export function summarizeBy<T>(
  items: readonly T[],
  resultOf: (item: T) => SignalResult,
  keyOf: (item: T) => string,
): ReadonlyMap<string, SignalSummary> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([key, group]) => [key, summarizeSignals(group.map(resultOf))]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
