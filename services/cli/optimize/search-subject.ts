import { type Assignment, RULES_PREFIX } from "#libs/backtest/search/configuration.ts";
import type { Choice } from "#libs/backtest/search/objective.ts";
import type { ParameterValues, SearchedParameter } from "#libs/backtest/search/search-space.ts";
import type { WalkForward, WalkForwardPlan } from "#libs/backtest/search/walk-forward.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import type { Data } from "../shared/load-data.ts";
import type { ChosenRules } from "../shared/trade-options.ts";
import type { UsedTick } from "../shared/used-tick.ts";

/** What was searched, and how. */
export interface SearchSubject {
  readonly market: StudyInput;
  readonly strategy: Strategy;
  readonly rules: ChosenRules;
  /** Null: levels are exact. */
  readonly tick: UsedTick | null;
  readonly data: Data;
  readonly fixed: Assignment;
  readonly searched: readonly SearchedParameter[];
  /** Sets of the whole grid. */
  readonly size: number;
  /** Those that were tried. */
  readonly sets: readonly ParameterValues[];
  /** Of the draw, null when the whole grid was tried. */
  readonly seed: number | null;
  readonly plan: WalkForwardPlan;
  readonly walkForward: WalkForward;
  readonly choice: Choice;
  /** For each set: why it cannot trade on this data, or null. */
  readonly cannotTrade: readonly (string | null)[];
  /** Sets whose stop lies beyond the liquidation price, so that every adverse exit is a liquidation. */
  readonly unreachableStops: number;
}

/** Why no set at all can trade on this data; null when one can. */
export function whyNoSetTrades({ cannotTrade }: SearchSubject): string | null {
  return cannotTrade.includes(null) ? null : (cannotTrade[0] ?? null);
}

/** A set's searched values by name. */
export function valuesByName({ searched, sets }: SearchSubject, set: number): Record<string, number> {
  const values = sets[set] ?? [];
  return Object.fromEntries(searched.map(({ name }, k) => [name, values[k] ?? Number.NaN]));
}

const STOP_RULES = ["leverage", "stopLossPercent", "slippagePercent", "maintenanceMarginPercent"];

/** Whether the sets differ in their stop or in their liquidation price. */
export function searchesStop({ searched }: SearchSubject): boolean {
  return searched.some(({ name }) => STOP_RULES.some((rule) => name === `${RULES_PREFIX}${rule}`));
}
