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

export type RefusalKind = "trades" | "win_rate" | "pnl";

export type Choice =
  | { readonly kind: "taken"; readonly candidate: Candidate; readonly winRate: number }
  | {
      readonly kind: "refused";
      readonly candidate: Candidate;
      readonly by: RefusalKind;
      readonly reason: string;
    };

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

/** Takes or refuses one candidate; a refusal names the first figure below its threshold. */
export function choose(candidate: Candidate, thresholds: SelectionThresholds): Choice {
  const { totalTrades, winRate, totalPnl } = candidate.figures;
  const refused = (by: RefusalKind, reason: string): Choice => ({ kind: "refused", candidate, by, reason });
  if (winRate === null || totalTrades < thresholds.minTrades) {
    return refused("trades", `${tradeCount(totalTrades)} (minimum ${thresholds.minTrades})`);
  }
  if (winRate < thresholds.minWinRate) {
    return refused("win_rate", `win rate ${winRate.toFixed(2)} % is below ${thresholds.minWinRate} %`);
  }
  if (totalPnl < thresholds.minPnl) {
    return refused("pnl", `PnL ${usd(totalPnl)} is below ${usd(thresholds.minPnl)}`);
  }
  return { kind: "taken", candidate, winRate };
}

function tradeCount(trades: number): string {
  if (trades === 0) return "no trades";
  return trades === 1 ? "only 1 trade" : `only ${trades} trades`;
}
