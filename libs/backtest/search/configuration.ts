import { type Strategy, type StrategyParameters, withDefaults } from "#libs/strategy/strategy.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import type { ParameterValues } from "./search-space.ts";

/** What trades with one parameter set. */
export interface Configuration {
  /** Of the strategy's own shape: made by `withDefaults`. */
  readonly parameters: object;
  readonly rules: TradeRules;
}

/** A parameter's value by its path. */
export type Assignment = readonly (readonly [name: string, value: number])[];

/** Paths of trade rules begin with it; all others are the strategy's. */
export const RULES_PREFIX = "rules.";

/**
 * Puts parameter sets into a strategy's parameters and the trade rules. Groups and rules that are equal become the same
 * object, which is how those who compute once for all sets that share them know.
 */
export class ConfigurationMaker {
  readonly #strategy: Strategy;
  readonly #rules: TradeRules;
  readonly #kept = new Map<string, object>();

  constructor(strategy: Strategy, rules: TradeRules) {
    this.#strategy = strategy;
    this.#rules = rules;
  }

  /** @throws RangeError naming a parameter that there is not, or a value that makes no sense. */
  make(assignment: Assignment): Configuration {
    const overrides: Draft = new Map();
    const rules = new Map<string, number>();
    for (const [path, value] of assignment) {
      if (path.startsWith(RULES_PREFIX)) rules.set(path.slice(RULES_PREFIX.length), value);
      else write(overrides, path.split("."), value);
    }
    const parameters = withDefaults(this.#strategy, parametersOf(overrides));
    const shared = Object.entries(parameters).map(
      ([name, value]) => [name, this.#sharedPart(value)] as const,
    );
    return { parameters: { ...parameters, ...Object.fromEntries(shared) }, rules: this.#sharedRules(rules) };
  }

  #sharedRules(values: ReadonlyMap<string, number>): TradeRules {
    for (const [name, value] of values) {
      if (!(name in this.#rules)) throw new RangeError(`unknown trade rule ${name}`);
      assertRule(name, value);
    }
    return this.#shared({ ...this.#rules, ...Object.fromEntries(values) });
  }

  #sharedPart(part: unknown): unknown {
    return typeof part === "object" && part !== null ? this.#shared(part) : part;
  }

  #shared<T extends object>(part: T): T {
    const key = JSON.stringify(part);
    const kept = this.#kept.get(key);
    // Of the same keys and values, so of the same type.
    if (kept !== undefined) return kept as T;
    this.#kept.set(key, part);
    return part;
  }
}

/** The searched parameters with a set's values, after those that are fixed. */
export function assignmentOf(
  fixed: Assignment,
  searched: readonly { readonly name: string }[],
  set: ParameterValues,
): Assignment {
  return [...fixed, ...searched.map(({ name }, k) => [name, set[k] ?? Number.NaN] as const)];
}

/** Parameters in the making: values and groups of values by name. */
type Draft = Map<string, number | Draft>;

function write(draft: Draft, path: readonly string[], value: number): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    draft.set(name, value);
    return;
  }
  const known = draft.get(name);
  const group: Draft = known instanceof Map ? known : new Map();
  draft.set(name, group);
  write(group, rest, value);
}

function parametersOf(draft: Draft): StrategyParameters {
  return Object.fromEntries(
    [...draft].map(([name, value]) => [name, value instanceof Map ? parametersOf(value) : value]),
  );
}

/** Rules that may be 0; the others must be above. */
const MAY_BE_ZERO = [
  "takerFeePercent",
  "slippagePercent",
  "entryTolerancePercent",
  "maintenanceMarginPercent",
];

function assertRule(name: string, value: number): void {
  const least = MAY_BE_ZERO.includes(name) ? value >= 0 : value > 0;
  if (least && value < (name.endsWith("Percent") ? 100 : Number.POSITIVE_INFINITY)) return;
  throw new RangeError(`the trade rule ${name} cannot be ${value}`);
}
