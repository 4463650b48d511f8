import { type BacktestResult, bestStrategyOf } from "./backtest.ts";
import type { Coverage, Covered } from "./coverage.ts";
import type { Ambiguity } from "./engine/review-exits.ts";
import type { StrategyResult } from "./engine/run-strategy.ts";
import { figuresOf } from "./figures.ts";

/**
 * The results of the parts of a series between its gaps as one. Each part was traded on its own: indicators restart and
 * no position lives through a gap. A position open at the end of a part counts in no figure; the combined result has that
 * of the last part.
 * @param segments in order of time, of the same strategies; one at least.
 */
export function combineSegments(segments: readonly BacktestResult[], intervalMs: number): BacktestResult {
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("there is no segment to combine");
  const results = Object.keys(first.strategies).map((name): [string, StrategyResult] => [
    name,
    combined(
      segments.flatMap(({ strategies }) => strategies[name] ?? []),
      intervalMs,
    ),
  ]);
  return {
    candles: segments.reduce((sum, { candles }) => sum + candles, 0),
    fromMs: first.fromMs,
    toMs: last.toMs,
    bestStrategy: bestStrategyOf(results),
    strategies: Object.fromEntries(results),
  };
}

function combined(parts: readonly StrategyResult[], intervalMs: number): StrategyResult {
  const trades = parts.flatMap((part) => part.trades);
  const { openTrade, openWorth } = parts.at(-1) ?? { openTrade: null, openWorth: null };
  const skippedEntries = parts.reduce((sum, { figures }) => sum + figures.skippedEntries, 0);
  return {
    figures: figuresOf({ trades, openTrade, skippedEntries }, intervalMs),
    trades,
    openTrade,
    openWorth,
    ambiguity: combinedAmbiguity(parts),
  };
}

function combinedAmbiguity(parts: readonly StrategyResult[]): Ambiguity {
  const sum = (amount: (part: StrategyResult) => number) =>
    parts.reduce((total, part) => total + amount(part), 0);
  const trades = sum((part) => part.trades.length);
  const wins = sum((part) => ((part.ambiguity.optimisticWinRate ?? 0) * part.trades.length) / 100);
  return {
    trades: sum(({ ambiguity }) => ambiguity.trades),
    decided: sum(({ ambiguity }) => ambiguity.decided),
    optimisticPnl: sum(({ ambiguity }) => ambiguity.optimisticPnl),
    optimisticWinRate: trades === 0 ? null : (Math.round(wins) * 100) / trades,
  };
}

/** What is known over all parts: the time of the gaps is no part of the window. */
export function combineCoverage(parts: readonly Coverage[]): Coverage {
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("there is no segment to combine");
  const days = parts.reduce((sum, { window }) => sum + window.days, 0);
  const over = (one: (coverage: Coverage) => Covered | null | undefined): Covered | null => {
    const given = parts.flatMap((coverage) => one(coverage) ?? []);
    if (given.length === 0) return null;
    const known = given.filter(({ share }) => share > 0);
    const knownDays = known.reduce((sum, covered) => sum + covered.days, 0);
    return {
      fromMs: known[0]?.fromMs ?? null,
      toMs: known.at(-1)?.toMs ?? null,
      share: knownDays / days,
      days: knownDays,
    };
  };
  const nothing: Covered = { fromMs: null, toMs: null, share: 0, days: 0 };
  return {
    window: { fromMs: first.window.fromMs, toMs: last.window.toMs, days },
    btc: over(({ btc }) => btc),
    funding: over(({ funding }) => funding),
    detail: over(({ detail }) => detail),
    frames: Object.fromEntries(
      Object.keys(first.frames).map((name) => [name, over(({ frames }) => frames[name]) ?? nothing]),
    ),
  };
}
