import { makeSeededRandom } from "../statistics/seeded-random.ts";

/** A parameter that a search varies, by its path (`trend.threshold`, `rules.stopLossPercent`). */
export interface SearchedParameter {
  readonly name: string;
  /** At least one, without repetition. */
  readonly values: readonly number[];
}

/** One value a searched parameter, in their order. */
export type ParameterValues = readonly number[];

/** Values are rounded to this many digits, so that 0.1 + 0.2 is 0.3. */
const DIGITS = 12;

/**
 * The values from `from` on in steps, up to `to` or the last step before it.
 * @throws RangeError when the step is not above 0, an end is not finite or `to` is below `from`.
 */
export function valuesInRange(from: number, to: number, step: number): number[] {
  if (!(Number.isFinite(from) && Number.isFinite(to) && from <= to)) {
    throw new RangeError(`expected a range from a number up to a larger one, not from ${from} to ${to}`);
  }
  if (!(step > 0 && Number.isFinite(step))) throw new RangeError(`expected a step above 0, not ${step}`);
  // A hair of tolerance: the quotient of 0.3 and 0.1 is a little less than 3.
  const steps = Math.floor((to - from) / step + 1e-9);
  return Array.from({ length: steps + 1 }, (_, k) => Number((from + k * step).toPrecision(DIGITS)));
}

/** How many parameter sets the whole grid has; 1 without a parameter. */
export function gridSize(parameters: readonly SearchedParameter[]): number {
  return parameters.reduce((size, { values }) => size * values.length, 1);
}

/** Every set of the grid, the last parameter changing fastest. */
export function gridSets(parameters: readonly SearchedParameter[]): ParameterValues[] {
  return parameters.reduce<ParameterValues[]>(
    (sets, { values }) => sets.flatMap((set) => values.map((value) => [...set, value])),
    [[]],
  );
}

/**
 * Different sets of the grid, drawn by chance: the same ones for the same seed on every machine. When the grid has no
 * more than `count`, it is all of them in the grid's order.
 * @param seed any whole number but 0.
 */
export function drawnSets(
  parameters: readonly SearchedParameter[],
  count: number,
  seed: number,
): ParameterValues[] {
  if (gridSize(parameters) <= count) return gridSets(parameters);
  // Small seeds leave the generator near zero for its first numbers: spread their bits first.
  const random = makeSeededRandom(Math.imul(seed, 0x9e3779b1));
  const drawn = new Map<string, ParameterValues>();
  while (drawn.size < count) {
    const set = parameters.map(({ values }) => values[random(values.length)] ?? Number.NaN);
    drawn.set(set.join(), set);
  }
  return [...drawn.values()];
}
