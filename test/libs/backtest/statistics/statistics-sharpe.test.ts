import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { momentsOf } from "#libs/backtest/statistics/moments.ts";
import {
  deflatedSharpe,
  expectedMaximumSharpe,
  probabilisticSharpe,
  type SharpeSample,
  sharpeSampleOf,
  sharpeVarianceOf,
} from "#libs/backtest/statistics/sharpe-ratio.ts";

const sampleOf = (overrides: Partial<SharpeSample>): SharpeSample => ({
  sharpe: 0.2,
  count: 100,
  skewness: 0,
  kurtosis: 3,
  ...overrides,
});

/** Trades of a 1 % stop, a 2 % target, small differences in the fill, and one liquidation. */
const TRADES = [
  18.78, -11.32, -11.31, 18.8, -11.3, 18.79, 18.77, -11.33, -11.3, 18.81, -11.32, 18.78, -11.31, -11.34, 18.8,
  18.79, -100, 18.77, -11.3, 18.8,
];

describe("moments", () => {
  it("are those of another implementation", () => {
    // numpy 2 (mean, std with ddof=1) and scipy 1.17 (skew, kurtosis with fisher=False).
    const moments = momentsOf(TRADES);
    expect(moments?.count).toBe(20);
    expect(moments?.mean).toBeCloseTo(-0.6970000000000004, 12);
    expect(moments?.deviation).toBeCloseTo(27.789341216789538, 12);
    expect(moments?.skewness).toBeCloseTo(-2.3049102328670634, 12);
    expect(moments?.kurtosis).toBeCloseTo(9.178129425236648, 12);
  });

  it("are undefined for fewer than two trades, and for trades that differ by rounding only", () => {
    expect(momentsOf([])).toBeNull();
    expect(momentsOf([3])).toBeNull();
    expect(momentsOf([0, 0, 0])).toBeNull();
    expect(momentsOf([-11.3, -11.3 * (1 + 1e-15), -11.3])).toBeNull();
    expect(momentsOf([-11.3, -11.31])).not.toBeNull();
  });
});

describe("the probabilistic Sharpe ratio", () => {
  // Bailey and Lopez de Prado (2012), section 3: two years of monthly returns with SR 0.458 are skill with probability
  // 0.982 if the returns were normal, and 0.913 with their skewness -2.448 and kurtosis 10.164.
  it("is that of the paper's hedge fund", () => {
    const fund = { sharpe: 0.458, count: 24 };
    expect(probabilisticSharpe(sampleOf(fund))).toBeCloseTo(0.982, 3);
    const real = { ...fund, skewness: -2.448, kurtosis: 10.164 };
    expect(probabilisticSharpe(sampleOf(real))).toBeCloseTo(0.913, 3);
    // The same formula with scipy's norm.cdf.
    expect(probabilisticSharpe(sampleOf(real))).toBeCloseTo(0.913361083860933, 12);
    expect(probabilisticSharpe(sampleOf(fund))).toBeCloseTo(0.9816749190910771, 12);
    expect(probabilisticSharpe(sampleOf({ ...real, sharpe: 0.036 / 0.079 }), 0.1)).toBeCloseTo(
      0.8553606185907747,
      12,
    );
  });

  it("is one half at the benchmark, and grows with the ratio and with the trades", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        fc.double({ min: 0.01, max: 0.2, noNaN: true }),
        fc.integer({ min: 3, max: 2000 }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (sharpe, more, count, skewness) => {
          const sample = sampleOf({ sharpe, count, skewness, kurtosis: 4 });
          expect(probabilisticSharpe(sample, sharpe)).toBeCloseTo(0.5, 12);
          const here = probabilisticSharpe(sample, sharpe - more) ?? Number.NaN;
          const lower = probabilisticSharpe(sample, sharpe - 2 * more) ?? Number.NaN;
          const longer = probabilisticSharpe({ ...sample, count: count + 10 }, sharpe - more) ?? Number.NaN;
          expect(here).toBeGreaterThan(0.5);
          expect(lower).toBeGreaterThanOrEqual(here);
          expect(longer).toBeGreaterThanOrEqual(here);
        },
      ),
    );
  });

  it("is undefined where the estimate has no error to measure it by", () => {
    // Two values with the odds that make SR = 2 / skewness.
    expect(probabilisticSharpe(sampleOf({ sharpe: 2, skewness: 1, kurtosis: 2 }))).toBeNull();
  });
});

describe("the deflated Sharpe ratio", () => {
  // Bailey and Lopez de Prado (2014), numerical example: five years of daily returns with an annual Sharpe ratio of 2.5
  // (250 days), skewness -3, kurtosis 10, and trials whose annual ratios have a variance of 1/2. 100 trials: SR0 =
  // 0.1132 and DSR = 0.9004; it passes 95 % with 46 trials at most (0.9505), and with 88 if returns were normal (0.9505).
  it.each([
    [100, -3, 10, 0.9004, 0.9003968344493903],
    [46, -3, 10, 0.9505, 0.9505017068755787],
    [88, 0, 3, 0.9505, 0.9504908166760139],
  ])("is that of the paper's example with %d trials", (count, skewness, kurtosis, published, exact) => {
    const sample = sampleOf({ sharpe: 2.5 / Math.sqrt(250), count: 1250, skewness, kurtosis });
    const deflated = deflatedSharpe(sample, { count, sharpeVariance: 0.5 / 250 });
    expect(deflated).toBeCloseTo(published, 4);
    expect(deflated).toBeCloseTo(exact, 12);
  });

  it("deflates by the paper's expected maximum", () => {
    expect(expectedMaximumSharpe(100, 0.5 / 250)).toBeCloseTo(0.1132, 4);
    // Bailey, Borwein, Lopez de Prado, Zhu, "Pseudo-Mathematics and Financial Charlatanism", Notices of the AMS 61(5),
    // 2014: ten trials without skill are expected to show an annual ratio of 1.57 in one year.
    expect(expectedMaximumSharpe(10, 1)).toBeCloseTo(1.57, 2);
    // scipy's norm.ppf.
    expect(expectedMaximumSharpe(2, 1)).toBeCloseTo(0.5197553442805939, 12);
    expect(expectedMaximumSharpe(300, 1)).toBeCloseTo(2.895501505832889, 12);
    expect(expectedMaximumSharpe(10_000, 1)).toBeCloseTo(3.86066485551044, 12);
  });

  it("takes the spread of chance where the spread of the trials is unknown", () => {
    const sample = sampleOf({ count: 61 });
    expect(deflatedSharpe(sample, { count: 300, sharpeVariance: null })).toBe(
      deflatedSharpe(sample, { count: 300, sharpeVariance: 1 / 60 }),
    );
  });

  it("is the probabilistic one after one trial, and falls with every further trial", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -0.3, max: 0.6, noNaN: true }),
        fc.integer({ min: 2, max: 300 }),
        fc.integer({ min: 1, max: 100_000 }),
        (sharpe, count, trials) => {
          const sample = sampleOf({ sharpe, count });
          const deflated = (n: number) =>
            deflatedSharpe(sample, { count: n, sharpeVariance: null }) ?? Number.NaN;
          expect(deflated(1)).toBe(probabilisticSharpe(sample));
          const [before, after] = [deflated(trials), deflated(trials + 1)];
          expect(after).toBeLessThanOrEqual(before);
          // Next to 0 and to 1 one trial more is less than the last digit.
          if (before > 1e-9 && before < 1 - 1e-9) expect(after).toBeLessThan(before);
        },
      ),
    );
  });

  it("refuses a number of trials that cannot be", () => {
    for (const wrong of [0, -1, 1.5, Number.NaN]) {
      expect(() => expectedMaximumSharpe(wrong, 1)).toThrow(RangeError);
    }
  });

  it("measures the spread of trials without those that have none", () => {
    expect(sharpeVarianceOf([0.1, null, 0.3, 0.2])).toBeCloseTo(0.01, 15);
    expect(sharpeVarianceOf([0.1, null])).toBeNull();
  });
});

describe("the Sharpe ratio of trades", () => {
  it("gives the probabilities of another implementation", () => {
    const moments = momentsOf(TRADES);
    if (moments === null) throw new Error("these trades have moments");
    const sample = sharpeSampleOf(moments);
    // numpy 2 and scipy 1.17.
    expect(sample.sharpe).toBeCloseTo(-0.0250815589532181, 12);
    expect(probabilisticSharpe(sample)).toBeCloseTo(0.45519155466521166, 12);
    expect(deflatedSharpe(sample, { count: 300, sharpeVariance: null })).toBeCloseTo(
      0.000988948018749504,
      12,
    );
    expect(deflatedSharpe(sample, { count: 300, sharpeVariance: 0.02 })).toBeCloseTo(0.02557897832491355, 12);
  });

  it("does not depend on the size of a trade", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (factor) => {
        const scaled = momentsOf(TRADES.map((net) => net * factor));
        const plain = momentsOf(TRADES);
        if (scaled === null || plain === null) throw new Error("these trades have moments");
        expect(sharpeSampleOf(scaled).sharpe).toBeCloseTo(sharpeSampleOf(plain).sharpe, 12);
        expect(sharpeSampleOf(scaled).kurtosis).toBeCloseTo(sharpeSampleOf(plain).kurtosis, 9);
      }),
    );
  });
});
