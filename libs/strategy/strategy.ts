import type { Decision } from "./decision.ts";
import type { Gate } from "./engine/gate.ts";
import type { KnownMarket } from "./known-market.ts";
import type { MarketView } from "./market-view.ts";
import type { ParameterRange } from "./parameter-range.ts";

/** Thresholds, ratios, tolerances and windows of a strategy by name; related ones in a group of their own. */
export type StrategyParameters = { readonly [name: string]: ParameterValue };
export type ParameterValue = number | readonly number[] | StrategyParameters;

/**
 * A trading idea: pure, stateless, and without access to anything after the closed candle that it decides on. It takes
 * one file and one line in the registry.
 */
export interface Strategy<P extends object = object> {
  /** Capitals, digits and underscores; its name in messages and tables. */
  readonly name: string;
  /** A one-line description. */
  readonly description: string;
  readonly defaults: P;
  /** The parameters that a search may vary, each with a sensible range; the most important first. */
  readonly ranges?: readonly ParameterRange[];
  // A method, not a property: its parameter is checked loosely, which lets the registry hold strategies of
  // different parameter types. `withDefaults` is what makes sure that each gets its own shape.
  decide(view: MarketView, parameters: P): Decision;
  /** Where a signal is possible at all. Without it the backtest evaluates every candle. */
  gate?(parameters: P): Gate;
  /**
   * Why no signal is possible when a market is known no better than this, as a sentence for people; null when one is,
   * as far as can be said without its prices. Without it the strategy needs nothing but candles.
   */
  cannotSignal?(parameters: P, known: KnownMarket): string | null;
}

/**
 * The strategy's parameters with some of them replaced.
 * @throws RangeError naming a parameter that the strategy does not have, or a value of another kind.
 */
export function withDefaults<P extends object>(
  strategy: Strategy<P>,
  overrides: StrategyParameters | undefined,
): P {
  if (overrides === undefined) return strategy.defaults;
  return merge(strategy.name, strategy.defaults, overrides);
}

function merge<T extends object>(path: string, defaults: T, overrides: StrategyParameters): T {
  const known = new Map<string, unknown>(Object.entries(defaults));
  const replaced = Object.entries(overrides).map(([name, value]) => {
    if (!known.has(name)) throw new RangeError(`${path} has no parameter ${name}`);
    return [name, checked(`${path}.${name}`, known.get(name), value)] as const;
  });
  // `checked` has kept every value in the kind of its default, so the result is a T again.
  return { ...defaults, ...Object.fromEntries(replaced) };
}

function checked(path: string, before: unknown, value: ParameterValue): unknown {
  const finite = (entry: unknown) => typeof entry === "number" && Number.isFinite(entry);
  if (typeof before === "number" && finite(value)) return value;
  if (Array.isArray(before) && Array.isArray(value) && value.every(finite)) return value;
  if (isGroup(before) && isGroup(value)) return merge(path, before, value);
  throw new RangeError(`${path} cannot be ${JSON.stringify(value)}`);
}

function isGroup(value: unknown): value is StrategyParameters {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
