import { InputError } from "#libs/recordings/input-error.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";

/**
 * The strategy of this name.
 * @throws InputError naming the known ones.
 */
export function parseStrategy(name: string, strategies: readonly Strategy[] = STRATEGIES): Strategy {
  const strategy = strategies.find((known) => known.name === name);
  if (strategy !== undefined) return strategy;
  throw new InputError(
    `${JSON.stringify(name)} is not a strategy: choose one of ${strategyNames(strategies)}`,
  );
}

export function strategyNames(strategies: readonly Strategy[] = STRATEGIES): string {
  return strategies.map((strategy) => strategy.name).join(", ");
}
