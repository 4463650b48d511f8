import { markedToClose, type Score, sharpeOf } from "./score.ts";

/** What a search looks for: the higher the better. */
export type Objective = "pnl" | "mean" | "sharpe" | "t";

/** What each objective is, for people. */
export const OBJECTIVES: Readonly<Record<Objective, string>> = {
  pnl: "total PnL",
  mean: "PnL of the mean trade",
  sharpe: "Sharpe ratio of a trade",
  t: "t-statistic of the mean trade: its Sharpe ratio times the root of the number of trades",
};

/**
 * The value of a score by an objective; null where it is not defined. A position open at the segment's end counts as
 * left at its last close: a search that ignored it would choose sets that hold their losses.
 */
export function objectiveValue(unmarked: Score, objective: Objective): number | null {
  const score = markedToClose(unmarked);
  if (score.trades === 0) return null;
  if (objective === "pnl") return score.pnl;
  if (objective === "mean") return score.pnl / score.trades;
  const sharpe = sharpeOf(score);
  if (sharpe === null || objective === "sharpe") return sharpe;
  return sharpe * Math.sqrt(score.trades);
}

/** What a set must show to be chosen. */
export interface Choice {
  readonly objective: Objective;
  /** Fewer ended trades than this prove nothing. */
  readonly minTrades: number;
}

/** The sets that can be chosen, best first; of equal ones the earlier is better, so that the order is one. */
export function ranking(scores: readonly Score[], { objective, minTrades }: Choice): number[] {
  return scores
    .map((score, set) => ({
      set,
      value: score.trades < minTrades ? null : objectiveValue(score, objective),
    }))
    .filter((entry): entry is { set: number; value: number } => entry.value !== null)
    .sort((a, b) => b.value - a.value || a.set - b.set)
    .map(({ set }) => set);
}
