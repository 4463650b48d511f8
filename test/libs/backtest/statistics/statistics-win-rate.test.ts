import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wilsonInterval } from "#libs/backtest/statistics/wilson-interval.ts";
import { makeRandom } from "#test/support/factories/random.ts";

describe("the interval of a win rate", () => {
  // R. G. Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven methods",
  // Statistics in Medicine 17 (1998), table I, method 3 (Wilson without continuity correction), four digits; the
  // remaining digits from scipy 1.17 (binomtest(...).proportion_ci(method="wilson")).
  it.each([
    [81, 263, 25.52885198782742, 36.62095769828],
    [15, 148, 6.238639953073629, 16.048724172330804],
    [0, 20, 0, 16.112515805281934],
    [1, 29, 0.6113214292762666, 17.175521879320282],
  ])("is the published one of %d wins in %d trades", (wins, trades, low, high) => {
    const interval = wilsonInterval(wins, trades);
    expect(interval?.low).toBeCloseTo(low, 10);
    expect(interval?.high).toBeCloseTo(high, 10);
  });

  it("is undefined without a trade", () => {
    expect(wilsonInterval(0, 0)).toBeNull();
  });

  it("holds the observed rate, mirrors wins and losses, and narrows with more trades", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(500), (trades, some) => {
        const wins = some % (trades + 1);
        const { low, high } = wilsonInterval(wins, trades) ?? { low: Number.NaN, high: Number.NaN };
        const rate = (wins / trades) * 100;
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(rate);
        expect(high).toBeGreaterThanOrEqual(rate);
        expect(high).toBeLessThanOrEqual(100);
        const mirrored = wilsonInterval(trades - wins, trades);
        expect(mirrored?.low).toBeCloseTo(100 - high, 9);
        const longer = wilsonInterval(wins * 4, trades * 4);
        expect((longer?.high ?? 0) - (longer?.low ?? 0)).toBeLessThan(high - low);
        const stricter = wilsonInterval(wins, trades, 0.99);
        expect(stricter?.high).toBeGreaterThanOrEqual(high);
        expect(stricter?.low).toBeLessThanOrEqual(low);
      }),
    );
  });

  it("covers the true rate about as often as it promises", () => {
    const random = makeRandom(11);
    for (const [trueRate, trades] of [
      [0.36, 30],
      [0.45, 60],
      [0.6, 25],
    ] as const) {
      let covered = 0;
      const rounds = 4000;
      for (let round = 0; round < rounds; round++) {
        let wins = 0;
        for (let k = 0; k < trades; k++) if (random() < trueRate) wins++;
        const interval = wilsonInterval(wins, trades);
        if (interval !== null && interval.low <= trueRate * 100 && interval.high >= trueRate * 100) covered++;
      }
      expect(covered / rounds).toBeGreaterThan(0.93);
      expect(covered / rounds).toBeLessThan(0.97);
    }
  });
});
