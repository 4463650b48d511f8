import { TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import type { ResultsItem, StrategyFigures } from "#libs/contracts/results-item.ts";
import { usd } from "#services/shared/usd.ts";

export interface SelectionThresholds {
  /** Percent. */
  readonly minWinRate: number;
  /** USDT. */
  readonly minPnl: number;
  readonly minTrades: number;
}

/** One strategy on one symbol and timeframe, with the figures of the newest backtest that covers it. */
export interface Candidate {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly strategy: string;
  readonly scanId: string;
  readonly figures: StrategyFigures;
}

export const REFUSAL_KINDS = ["trades", "win_rate", "pnl"] as const;
export type RefusalKind = (typeof REFUSAL_KINDS)[number];

/** A figure below its limit, and by how much, relative to the limit. */
export interface CriterionMissed {
  readonly code: RefusalKind;
  readonly value: number;
  readonly limit: number;
  readonly distance: number;
}

export type Choice =
  | { readonly kind: "taken"; readonly candidate: Candidate; readonly winRate: number }
  | Refusal;

export interface Refusal {
  readonly kind: "refused";
  readonly candidate: Candidate;
  /** The figure that decided: the first that falls short. */
  readonly by: RefusalKind;
  readonly reason: string;
  /** Every figure that falls short, the deciding one first. */
  readonly shortfalls: readonly [CriterionMissed, ...CriterionMissed[]];
}

interface Criterion {
  readonly code: RefusalKind;
  readonly limit: (thresholds: SelectionThresholds) => number;
  readonly value: (figures: StrategyFigures) => number;
  readonly sentence: (value: number, limit: number) => string;
}

/** In the order in which they decide: of few trades the other figures say little. */
const CRITERIA: readonly Criterion[] = [
  {
    code: "trades",
    // A strategy that never traded has no win rate, whatever is asked for.
    limit: ({ minTrades }) => Math.max(1, minTrades),
    value: ({ totalTrades, winRate }) => (winRate === null ? 0 : totalTrades),
    sentence: (value, limit) => `${tradeCount(value)} (minimum ${limit})`,
  },
  {
    code: "win_rate",
    limit: ({ minWinRate }) => minWinRate,
    value: ({ winRate }) => winRate ?? 0,
    sentence: (value, limit) => `win rate ${value.toFixed(2)} % is below ${limit} %`,
  },
  {
    code: "pnl",
    limit: ({ minPnl }) => minPnl,
    value: ({ totalPnl }) => totalPnl,
    sentence: (value, limit) => `PnL ${usd(value)} is below ${usd(limit)}`,
  },
];

/** The limit of each criterion, in their order. */
export function limitsOf(
  thresholds: SelectionThresholds,
): readonly { readonly code: RefusalKind; readonly limit: number }[] {
  return CRITERIA.map(({ code, limit }) => ({ code, limit: limit(thresholds) }));
}

/**
 * Every strategy with a result, once: if several scans cover the same symbol and timeframe, the newest counts, so a
 * strategy is judged by its latest figures and signalled once a minute.
 */
export function candidatesOf(items: readonly ResultsItem[]): readonly Candidate[] {
  const newestFirst = [...items].sort((a, b) => b.scanTimestamp - a.scanTimestamp);
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  for (const item of newestFirst) {
    for (const timeframe of TIMEFRAMES) {
      const result = item.timeframes[timeframe];
      if (result === undefined || result.status === "failed") continue;
      const key = `${item.symbol}:${timeframe}`;
      if (seen.has(key)) continue;
      seen.add(key);
      for (const [strategy, figures] of Object.entries(result.strategies)) {
        candidates.push({ symbol: item.symbol, timeframe, strategy, scanId: item.scanId, figures });
      }
    }
  }
  return candidates;
}

/** Takes or refuses one candidate; a refusal names the first figure that falls short. */
export function choose(candidate: Candidate, thresholds: SelectionThresholds): Choice {
  const [deciding, ...others] = CRITERIA.flatMap((criterion) => {
    const value = criterion.value(candidate.figures);
    const limit = criterion.limit(thresholds);
    const { code } = criterion;
    return value < limit ? [{ code, value, limit, distance: distanceTo(limit, value), criterion }] : [];
  });
  if (deciding === undefined) return { kind: "taken", candidate, winRate: candidate.figures.winRate ?? 0 };
  const { criterion, ...missed } = deciding;
  return {
    kind: "refused",
    candidate,
    by: deciding.code,
    reason: criterion.sentence(deciding.value, deciding.limit),
    shortfalls: [missed, ...others.map(({ criterion: _, ...other }) => other)],
  };
}

/** How far below its limit a figure is, in parts of the limit; of the figure's unit where the limit is 0. */
function distanceTo(limit: number, value: number): number {
  return (limit - value) / (Math.abs(limit) || 1);
}

function tradeCount(trades: number): string {
  if (trades === 0) return "no trades";
  return trades === 1 ? "only 1 trade" : `only ${trades} trades`;
}
