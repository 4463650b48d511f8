import type { ParameterRange } from "#libs/strategy/parameter-range.ts";

/** Where a search may look for better trade rules when asked to: by default they are as configured. */
export const TRADE_RULE_RANGES: readonly ParameterRange[] = [
  { name: "rules.stopLossPercent", from: 0.5, to: 2, step: 0.5, description: "percent to the stop" },
  { name: "rules.takeProfitPercent", from: 1, to: 4, step: 1, description: "percent to the target" },
];
