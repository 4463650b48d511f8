import { describe, expect, it } from "vitest";
import { trendDirection, trendStrength } from "#libs/strategy/indicators/trend.ts";

describe("a trend", () => {
  it.each([
    ["UP", 101, 100, 0.6],
    ["SIDEWAYS", 101, 100, 0.5],
    ["SIDEWAYS", 100, 100, 0.6],
    ["SIDEWAYS", 99, 100, 0.6],
    ["DOWN", 99, 100, -0.6],
    ["SIDEWAYS", 99, 100, -0.5],
    ["SIDEWAYS", 100, 100, -0.6],
    ["SIDEWAYS", 101, 100, -0.6],
    ["SIDEWAYS", 101, 100, 0],
    ["SIDEWAYS", 101, 100, Number.NaN],
  ] as const)("is %s for averages of %d and %d and a change of %d %%", (direction, ma5, ma20, change) => {
    expect(trendDirection(ma5, ma20, change, 0.5)).toBe(direction);
  });

  it("is the stronger the further the averages are apart and the larger the change", () => {
    expect(trendStrength("UP", 100.5, 100, 0.8, 5)).toBeCloseTo(25 + 4, 9);
    expect(trendStrength("DOWN", 99.5, 100, -0.8, 10)).toBeCloseTo(25 + 8, 9);
    // The spread is measured in units of the slow average.
    expect(trendStrength("UP", 201, 200, 0.8, 5)).toBeCloseTo(25 + 4, 9);
  });

  it("is never stronger than 100", () => {
    expect(trendStrength("UP", 103, 100, 5, 10)).toBe(100);
  });

  it("falls from 50 to 0 sideways, as the averages part", () => {
    expect(trendStrength("SIDEWAYS", 100, 100, 0.4, 5)).toBe(50);
    expect(trendStrength("SIDEWAYS", 101, 100, 0.4, 5)).toBeCloseTo(25, 9);
    expect(trendStrength("SIDEWAYS", 99, 100, 0.4, 5)).toBeCloseTo(25, 9);
    expect(trendStrength("SIDEWAYS", 104, 100, 0.4, 5)).toBe(0);
  });
});
