import { describe, expect, it } from "vitest";
import { drawnSets, gridSets, gridSize, valuesInRange } from "#libs/backtest/search/search-space.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";

const A = { name: "a", values: [1, 2, 3] };
const B = { name: "b", values: [10, 20] };
const MANY = [0, 1, 2].map((k) => ({ name: `p${k}`, values: valuesInRange(0, 9, 1) }));

describe("a range", () => {
  it.each([
    [0.1, 0.3, 0.1, [0.1, 0.2, 0.3]],
    [0.3, 0.9, 0.2, [0.3, 0.5, 0.7, 0.9]],
    [0, 1, 0.4, [0, 0.4, 0.8]],
    [-1, 1, 1, [-1, 0, 1]],
    [5, 5, 1, [5]],
  ])("from %d to %d by %d is exact to the digit", (from, to, step, values) => {
    expect(valuesInRange(from, to, step)).toEqual(values);
  });

  it.each([
    [2, 1, 1],
    [0, Number.POSITIVE_INFINITY, 1],
    [Number.NaN, 1, 1],
  ])("from %d to %d is refused", (from, to, step) => {
    expect(() => valuesInRange(from, to, step)).toThrow(/expected a range from a number up/);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("with a step of %d is refused", (step) => {
    expect(() => valuesInRange(0, 1, step)).toThrow(`expected a step above 0, not ${step}`);
  });
});

describe("the grid", () => {
  it("has every set once, the last parameter changing fastest", () => {
    expect(gridSets([A, B])).toEqual([
      [1, 10],
      [1, 20],
      [2, 10],
      [2, 20],
      [3, 10],
      [3, 20],
    ]);
    expect(gridSize([A, B])).toBe(6);
  });

  it("of nothing is one empty set", () => {
    expect(gridSets([])).toEqual([[]]);
    expect(gridSize([])).toBe(1);
  });
});

describe("drawn sets", () => {
  it("are different sets of the grid, as many as asked for", () => {
    const sets = drawnSets(MANY, 300, 1);
    expect(new Set(sets.map(String)).size).toBe(300);
    const grid = new Set(gridSets(MANY).map(String));
    expect(sets.filter((set) => !grid.has(String(set)))).toEqual([]);
  });

  it("are the same for a seed, and others for another", () => {
    expect(drawnSets(MANY, 20, 7)).toEqual(drawnSets(MANY, 20, 7));
    expect(drawnSets(MANY, 20, 7)).not.toEqual(drawnSets(MANY, 20, 8));
  });

  it.each([1, 2, 3])("of the small seed %d take values from everywhere", (seed) => {
    for (const k of [0, 1, 2]) {
      const mean = drawnSets(MANY, 200, seed).reduce((sum, set) => sum + (set[k] ?? 0), 0) / 200;
      expect(mean).toBeGreaterThan(3.5);
      expect(mean).toBeLessThan(5.5);
    }
    expect(new Set(drawnSets(MANY, 4, seed).map(([first]) => first)).size).toBeGreaterThan(1);
  });

  it("are the whole grid in its order when it has no more", () => {
    expect(drawnSets([A, B], 6, 1)).toEqual(gridSets([A, B]));
    expect(drawnSets([A, B], 5, 1)).toHaveLength(5);
  });
});

describe("the declared ranges", () => {
  it.each(STRATEGIES.map((strategy) => [strategy.name, strategy] as const))(
    "of %s name numbers of the defaults, whose values are among theirs",
    (_, strategy) => {
      expect(strategy.ranges?.length).toBeGreaterThan(3);
      for (const { name, from, to, step, whole, description } of strategy.ranges ?? []) {
        const usual = name
          .split(".")
          .reduce<unknown>((group, key) => (group as Record<string, unknown>)[key], strategy.defaults);
        const values = valuesInRange(from, to, step);
        expect(values, name).toContain(usual);
        expect(values.at(-1), name).toBe(to);
        if (whole === true) expect(values.every(Number.isInteger)).toBe(true);
        expect(description).not.toBe("");
      }
      const names = (strategy.ranges ?? []).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    },
  );

  it("know that a window counts candles", () => {
    for (const strategy of [BASIC, ADVANCED]) {
      expect(strategy.ranges?.find(({ name }) => name === "coinTrend.window")?.whole).toBe(true);
    }
  });
});
