import { ADVANCED } from "./advanced.ts";
import { BASIC } from "./basic.ts";
import type { Strategy } from "./strategy.ts";

/** Every strategy that is backtested and traded. A new one is a file beside these and a line here. */
export const STRATEGIES: readonly Strategy[] = [BASIC, ADVANCED];

export function findStrategy(name: string): Strategy | undefined {
  return STRATEGIES.find((strategy) => strategy.name === name);
}
