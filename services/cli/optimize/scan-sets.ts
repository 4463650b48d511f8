import { type Assignment, assignmentOf, ConfigurationMaker } from "#libs/backtest/search/configuration.ts";
import { scanConfigurations } from "#libs/backtest/search/scan-configurations.ts";
import { ScoreTable } from "#libs/backtest/search/score.ts";
import type { ParameterValues, SearchedParameter } from "#libs/backtest/search/search-space.ts";
import type { Segment } from "#libs/backtest/search/walk-forward.ts";
import type { Candles } from "#libs/candles/candles.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { Study, StudyInput } from "#libs/strategy/study.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";

/** What a search scores, as plain data that can be sent to a thread. */
export interface SearchTask {
  readonly market: StudyInput;
  readonly strategy: string;
  readonly rules: TradeRules;
  readonly fixed: Assignment;
  readonly searched: readonly SearchedParameter[];
  readonly segments: readonly Segment[];
  /** The instrument's price step as printed; levels are exact without it. */
  readonly tickSize: string | undefined;
  readonly detail: Candles | undefined;
}

/** Scores some sets of a search; see `scanConfigurations`. */
export function scanSets(
  { rules, fixed, searched, segments, tickSize, detail }: SearchTask,
  { study, strategy }: { readonly study: Study; readonly strategy: Strategy },
  sets: readonly ParameterValues[],
  onCandles?: (done: number, total: number) => void,
): ScoreTable {
  const maker = new ConfigurationMaker(strategy, rules);
  const configurations = sets.map((set) => maker.make(assignmentOf(fixed, searched, set)));
  return scanConfigurations({ study, strategy, configurations, segments, tickSize, detail }, onCandles);
}

/** Sets scored in one pass over the candles: more take memory without being faster. */
export const MOST_SETS_A_WALK = 2048;

/**
 * Scores all sets of a search on this thread.
 * @param onDone is called with the part of the work that is done, 0 to 1.
 */
export function scoreHere(
  task: SearchTask,
  subject: { readonly study: Study; readonly strategy: Strategy },
  sets: readonly ParameterValues[],
  onDone: (part: number) => void,
): ScoreTable {
  const table = new ScoreTable(sets.length, task.segments.length);
  for (let first = 0; first < sets.length; first += MOST_SETS_A_WALK) {
    const some = sets.slice(first, first + MOST_SETS_A_WALK);
    const scores = scanSets(task, subject, some, (done, total) =>
      onDone((first + (some.length * done) / total) / sets.length),
    );
    table.putAll(first, scores);
  }
  return table;
}
