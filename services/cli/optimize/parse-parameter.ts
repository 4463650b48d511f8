import { ConfigurationMaker, RULES_PREFIX } from "#libs/backtest/search/configuration.ts";
import { gridSize, type SearchedParameter, valuesInRange } from "#libs/backtest/search/search-space.ts";
import { TRADE_RULE_RANGES } from "#libs/backtest/search/trade-rule-ranges.ts";
import { SETTINGS, TRADE_SETTINGS } from "#libs/config/settings.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import type { ParameterRange } from "#libs/strategy/parameter-range.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { RULE_OF_SETTING } from "../shared/trade-options.ts";

/** Sets of the grid that is searched by default. */
export const USUAL_GRID = 250;
/** A range of more values is a typing error. */
const MOST_VALUES = 10_000;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Reads `name` (its declared range), `name=from:to:step`, `name=value` or `name=value,value`.
 * @throws InputError naming what is wrong.
 */
export function parseParameter(text: string, strategy: Strategy, rules: TradeRules): SearchedParameter {
  const [name = "", given, ...rest] = text.split("=");
  if (rest.length > 0) throw wrong(text, "it has more than one =");
  const declared = rangesOf(strategy).find((range) => range.name === name);
  if (given === undefined) {
    if (declared !== undefined) return declaredParameter(declared);
    throw wrong(text, `${strategy.name} declares no range for it: give one, or choose ${namesOf(strategy)}`);
  }
  const values = given.includes(":")
    ? parseRange(text, given)
    : given.split(",").map((v) => parseNumber(text, v));
  if (new Set(values).size < values.length) throw wrong(text, "a value is given twice");
  const noCount = values.find(
    (value) => declared?.whole === true && !(Number.isInteger(value) && value >= 1),
  );
  if (noCount !== undefined) throw wrong(text, `it is a count, so ${noCount} is not a value of it`);
  assertKnown(text, { name, values }, strategy, rules);
  return { name, values };
}

/** The declared parameters of the strategy; as many from the front as make a grid of `USUAL_GRID` sets at most. */
export function usualParameters(strategy: Strategy, fixed: readonly string[]): SearchedParameter[] {
  const taken: SearchedParameter[] = [];
  for (const parameter of allParameters(strategy, fixed)) {
    if (gridSize([...taken, parameter]) > USUAL_GRID) break;
    taken.push(parameter);
  }
  return taken;
}

/** All declared parameters of the strategy, but those that are fixed. */
export function allParameters(strategy: Strategy, fixed: readonly string[]): SearchedParameter[] {
  return (strategy.ranges ?? []).filter(({ name }) => !fixed.includes(name)).map(declaredParameter);
}

/** Names of what can be searched by its declared range. */
function namesOf(strategy: Strategy): string {
  return rangesOf(strategy)
    .map(({ name }) => name)
    .join(", ");
}

function rangesOf(strategy: Strategy): readonly ParameterRange[] {
  return [...(strategy.ranges ?? []), ...TRADE_RULE_RANGES];
}

function declaredParameter({ name, from, to, step }: ParameterRange): SearchedParameter {
  return { name, values: valuesInRange(from, to, step) };
}

function parseRange(text: string, given: string): number[] {
  const [from = Number.NaN, to = Number.NaN, step = Number.NaN, ...rest] = given
    .split(":")
    .map((part) => parseNumber(text, part));
  if (Number.isNaN(step) || rest.length > 0) throw wrong(text, "a range is from:to:step");
  if (to < from) throw wrong(text, `the range is reversed: ${to} is below ${from}`);
  if (!(step > 0)) throw wrong(text, `the step must be above 0, not ${step}`);
  if ((to - from) / step > MOST_VALUES) throw wrong(text, `more than ${MOST_VALUES} values`);
  return valuesInRange(from, to, step);
}

function parseNumber(text: string, part: string): number {
  if (NUMBER.test(part.trim())) return Number(part);
  throw wrong(text, `${JSON.stringify(part)} is not a number`);
}

function assertKnown(
  text: string,
  { name, values }: SearchedParameter,
  strategy: Strategy,
  rules: TradeRules,
): void {
  const maker = new ConfigurationMaker(strategy, rules);
  const setting = TRADE_SETTINGS.find((one) => name === `${RULES_PREFIX}${RULE_OF_SETTING[one]}`);
  for (const value of values) {
    try {
      maker.make([[name, value]]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const hint = name.startsWith(RULES_PREFIX) ? "" : `; declared are ${namesOf(strategy)}`;
      throw new InputError(`${JSON.stringify(text)}: ${error.message}${hint}`, { cause: error });
    }
    if (setting !== undefined && !SETTINGS[setting].safeParse(String(value)).success) {
      throw new InputError(
        `${JSON.stringify(text)}: the services' setting ${setting} does not take ${value}`,
      );
    }
  }
}

function wrong(text: string, reason: string): InputError {
  return new InputError(`${JSON.stringify(text)} is not a parameter to search: ${reason}`);
}
