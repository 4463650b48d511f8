import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalProbability, normalQuantile } from "#libs/backtest/statistics/normal-distribution.ts";

/** Computed with mpmath 1.3 (`ncdf`) at 40 digits. */
const PROBABILITIES: readonly (readonly [x: number, probability: number])[] = [
  [-37, 5.725571222524577e-300],
  [-20, 2.7536241186062337e-89],
  [-8, 6.220960574271784e-16],
  [-5, 2.866515718791939e-7],
  [-4.0001, 3.165786148681343e-5],
  [-4, 3.1671241833119924e-5],
  [-3.9999, 3.168462753263556e-5],
  [-2.5, 0.006209665325776135],
  [-1.959963984540054, 0.025000000000000012],
  [-1, 0.15865525393145705],
  [-0.3, 0.3820885778110474],
  [-1e-6, 0.4999996010577196],
  [0, 0.5],
  [0.5, 0.6914624612740131],
  [1, 0.8413447460685429],
  [2, 0.9772498680518208],
  [3.5, 0.9997673709209645],
  [4.5, 0.9999966023268753],
  [8, 0.9999999999999993],
];

/** Roots of the same function at 40 digits. */
const QUANTILES: readonly (readonly [probability: number, x: number])[] = [
  [1e-300, -37.0470962993612],
  [1e-50, -14.933337534788489],
  [1e-15, -7.941345326170997],
  [1e-6, -4.753424308822899],
  [0.001, -3.0902323061678136],
  [0.025, -1.9599639845400543],
  [0.1, -1.2815515655446004],
  [0.3, -0.5244005127080408],
  [0.5, 0],
  [0.75, 0.6744897501960817],
  [0.975, 1.9599639845400538],
  [0.999, 3.090232306167813],
  [0.999999, 4.753424308817088],
];

const relative = (value: number, expected: number) => Math.abs(value / expected - 1);

describe("the normal distribution", () => {
  it.each(PROBABILITIES)("has the known probability at %d", (x, probability) => {
    expect(relative(normalProbability(x), probability)).toBeLessThan(2e-12);
    expect(Math.abs(normalProbability(x) - probability)).toBeLessThan(4e-16);
  });

  it.each(QUANTILES)("has the known quantile at %d", (probability, x) => {
    expect(Math.abs(normalQuantile(probability) - x)).toBeLessThan(1e-12 * Math.max(1, Math.abs(x)));
  });

  it("is one function and its inverse", () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 5, noNaN: true }), (x) => {
        expect(Math.abs(normalQuantile(normalProbability(x)) - x)).toBeLessThan(1e-9);
      }),
    );
  });

  it("never falls, and mirrors at 0", () => {
    const x = fc.double({ min: -40, max: 40, noNaN: true });
    fc.assert(
      fc.property(x, x, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(normalProbability(low)).toBeLessThanOrEqual(normalProbability(high) + 1e-16);
        expect(normalProbability(a) + normalProbability(-a)).toBeCloseTo(1, 14);
      }),
    );
  });

  it("reaches infinity at the ends and refuses what is no probability", () => {
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
    expect(normalQuantile(Number.MIN_VALUE)).toBeLessThan(-38);
    for (const wrong of [-0.1, 1.1, Number.NaN]) expect(() => normalQuantile(wrong)).toThrow(RangeError);
  });
});
