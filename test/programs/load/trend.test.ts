import { describe, expect, it } from "vitest";
import { quantile, trendOf } from "./trend.ts";

describe("the trend of samples", () => {
  it("is the line's own slope for points on a line, and nothing for a level", () => {
    const line = [0, 1, 2, 7].map((at) => ({ at, value: 5 + 3 * at }));
    expect(trendOf(line)).toEqual({ slope: 3, growth: 21 });
    expect(trendOf([1, 5, 9].map((at) => ({ at, value: 4 })))).toEqual({ slope: 0, growth: 0 });
  });

  it("sees through what comes and goes", () => {
    const sawtooth = Array.from({ length: 100 }, (_, at) => ({ at, value: 50 + (at % 10) }));
    expect(Math.abs(trendOf(sawtooth).growth)).toBeLessThan(1);
    const leaking = sawtooth.map(({ at, value }) => ({ at, value: value + at / 10 }));
    expect(trendOf(leaking).growth).toBeCloseTo(trendOf(sawtooth).growth + 9.9, 9);
  });

  it("needs two moments", () => {
    expect(() => trendOf([{ at: 1, value: 1 }])).toThrow(RangeError);
  });
});

describe("a quantile", () => {
  it("is the smallest value that the share does not exceed", () => {
    const values = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(quantile(values, 0.5)).toBe(100);
    expect(quantile(values, 0.99)).toBe(198);
    expect(quantile(values, 1)).toBe(200);
    expect(quantile([7], 0.01)).toBe(7);
    expect(quantile([], 0.5)).toBeNull();
  });
});
