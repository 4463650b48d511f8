import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootstrapPValue, RESAMPLES } from "#libs/backtest/statistics/bootstrap-p-value.ts";
import { makeRandom } from "#test/support/factories/random.ts";

/** Three standard errors of a p-value from this many resamples. */
const noise = (p: number, resamples = RESAMPLES) => 3 * Math.sqrt((p * (1 - p)) / resamples) + 1 / resamples;

const TRADES = [
  18.78, -11.32, -11.31, 18.8, -11.3, 18.79, 18.77, -11.33, -11.3, 18.81, -11.32, 18.78, -11.31, -11.34, 18.8,
  18.79, -100, 18.77, -11.3, 18.8,
];

describe("the bootstrap p-value", () => {
  // The same resampling written a second time with numpy 2 (another generator, 2,000,000 resamples).
  it.each([
    ["no edge", TRADES, 0.6395681802159099],
    ["the other side of it", TRADES.map((net) => -net), 0.35927482036258984],
    ["few trades", [3, -1, 2, -2, 5, 1, -1, 2], 0.04795097602451199],
    [
      "a strong edge",
      Array.from({ length: 60 }, (_, k) => (k % 3 === 0 ? -11.3 : 18.8) + Math.sin(k) * 5),
      8.049995975002013e-5,
    ],
  ])("is that of another implementation: %s", (_, values, expected) => {
    const found = bootstrapPValue(values) ?? Number.NaN;
    expect(Math.abs(found - expected)).toBeLessThan(noise(expected));
    const long = bootstrapPValue(values, 100_000) ?? Number.NaN;
    expect(Math.abs(long - expected)).toBeLessThan(noise(expected, 100_000));
  });

  it("is the same every time, and for every unit of money", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 60 }), { minLength: 3, maxLength: 40 }),
        fc.integer({ min: -20, max: 20 }),
        (values, exponent) => {
          const scaled = values.map((value) => value * 2 ** exponent);
          expect(bootstrapPValue(scaled)).toBe(bootstrapPValue(values));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("lies above 0 and never above 1, and falls as every trade gets better", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 60, noNaN: true }), { minLength: 5, maxLength: 60 }),
        fc.double({ min: 0.1, max: 30, noNaN: true }),
        (values, better) => {
          const before = bootstrapPValue(values);
          const after = bootstrapPValue(values.map((value) => value + better));
          if (before === null || after === null) return;
          expect(before).toBeGreaterThan(0);
          expect(before).toBeLessThanOrEqual(1);
          expect(after).toBeLessThanOrEqual(before);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is never 0, however good the trades are", () => {
    const p = bootstrapPValue(Array.from({ length: 30 }, (_, k) => 18.8 + (k % 7) / 10));
    expect(p).toBe(1 / (RESAMPLES + 1));
  });

  it("takes a resample without spread as far out as can be: two good trades prove nothing", () => {
    const p = bootstrapPValue([18.8, 18.9]) ?? Number.NaN;
    expect(Math.abs(p - 1 / 4)).toBeLessThan(noise(1 / 4));
  });

  it("counts ties as hits, whatever rounding does to them", () => {
    // One win and two trades without a result: two or three wins of three drawn are as good or better.
    for (const win of [1, 0.1, 0.3, 18.8, 1e-3 / 7]) {
      const p = bootstrapPValue([win, 0, 0]) ?? Number.NaN;
      expect(Math.abs(p - 7 / 27)).toBeLessThan(noise(7 / 27));
    }
  });

  it("is undefined without two trades that differ", () => {
    expect(bootstrapPValue([])).toBeNull();
    expect(bootstrapPValue([18.8])).toBeNull();
    expect(bootstrapPValue([18.8, 18.8 * (1 + 1e-15), 18.8])).toBeNull();
  });

  const draws: Record<string, (random: () => number) => () => number> = {
    // A stop of 11 and a target of 19 that balance exactly: what costs leave of a coin toss.
    "fair trades": (random) => () => (random() < 11 / 30 ? 19 : -11),
    "symmetric trades": (random) => () => random() + random() + random() - 1.5,
    "fair trades in clusters": (random) => {
      let won = random() < 11 / 30;
      return () => {
        if (random() > 0.25) won = random() < 11 / 30;
        return won ? 19 : -11;
      };
    },
  };

  it.each(Object.keys(draws))("calls %s significant as often as the level says", (kind) => {
    const random = makeRandom(5);
    for (const trades of [12, 30, 100]) {
      const levels = { tenth: 0, half: 0, twentieth: 0 };
      const rounds = 600;
      for (let round = 0; round < rounds; round++) {
        const draw = draws[kind]?.(random) ?? (() => Number.NaN);
        const p = bootstrapPValue(
          Array.from({ length: trades }, () => draw()),
          400,
        );
        if (p === null) continue;
        if (p <= 0.05) levels.twentieth++;
        if (p <= 0.1) levels.tenth++;
        if (p <= 0.5) levels.half++;
      }
      expect(levels.twentieth / rounds).toBeLessThan(0.085);
      expect(levels.tenth / rounds).toBeLessThan(0.15);
      expect(levels.tenth / rounds).toBeGreaterThan(0.03);
      expect(levels.half / rounds).toBeGreaterThan(0.38);
      expect(levels.half / rounds).toBeLessThan(0.62);
    }
  });

  it("finds an edge that is there", () => {
    const random = makeRandom(6);
    let found = 0;
    for (let round = 0; round < 100; round++) {
      const trades = Array.from({ length: 60 }, () => (random() < 0.6 ? 19 : -11));
      if ((bootstrapPValue(trades) ?? 1) <= 0.05) found++;
    }
    expect(found).toBeGreaterThan(85);
  });
});
