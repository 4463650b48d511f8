import { describe, expect, it } from "vitest";
import { returnsCorrelation } from "#libs/backtest/returns-correlation.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";

/** Candles of given closes. */
function closing(closes: readonly number[], startMinute = 0): Candles {
  const close = Float64Array.from(closes);
  const prices = { open: close, high: close, low: close, close, volume: close };
  return { ...prices, intervalMs: MINUTE_MS, startMs: startMinute * MINUTE_MS, length: closes.length };
}

/** Closes of given log returns. */
const walk = (...returns: number[]): number[] => {
  let price = 100;
  return [price, ...returns.map((change) => (price *= Math.exp(change)))];
};

describe("the correlation of returns", () => {
  it("is Pearson's, of log returns", () => {
    // Deviations from the means: (-1, 0, 1) and (-2, 1, 1); 3 / sqrt(2 * 6).
    const a = closing(walk(0.01, 0.02, 0.03));
    const b = closing(walk(-0.02, 0.01, 0.01));
    expect(returnsCorrelation(a, b)).toBeCloseTo(3 / Math.sqrt(12), 9);
  });

  it("is 1 with itself and -1 with its inverse", () => {
    const candles = madeCandles({ length: 300, seed: 4 });
    const inverse = closing([...candles.close].map((price) => 1 / price));
    expect(returnsCorrelation(candles, candles)).toBeCloseTo(1, 12);
    expect(returnsCorrelation(candles, { ...inverse, startMs: candles.startMs })).toBeCloseTo(-1, 12);
  });

  it("is never beyond 1, however the sums are rounded", () => {
    for (let seed = 1; seed < 30; seed++) {
      const candles = madeCandles({ length: 50, seed });
      const doubled = { ...candles, close: candles.close.map((price) => price * 3) };
      expect(Math.abs(returnsCorrelation(candles, doubled) ?? Number.NaN)).toBeLessThanOrEqual(1);
      const inverse = { ...candles, close: candles.close.map((price) => 3 / price) };
      expect(Math.abs(returnsCorrelation(candles, inverse) ?? Number.NaN)).toBeLessThanOrEqual(1);
    }
  });

  it("compares returns of equal open times, of which two at least are common", () => {
    const returns = [0.01, -0.02, 0.03, 0.01, -0.01, 0.02, -0.03, 0.01];
    const whole = closing(walk(...returns));
    const part = (from: number, to: number) => closing([...whole.close].slice(from, to), from);
    expect(returnsCorrelation(whole, part(3, 9))).toBeCloseTo(1, 9);
    expect(returnsCorrelation(part(3, 9), whole)).toBeCloseTo(1, 9);
    expect(returnsCorrelation(part(0, 6), part(3, 9))).toBeCloseTo(1, 9);
    expect(returnsCorrelation(part(3, 9), part(0, 6))).toBeCloseTo(1, 9);
    // Three common candles have two returns, two have one.
    expect(returnsCorrelation(part(0, 6), part(3, 6))).not.toBeNull();
    expect(returnsCorrelation(part(0, 6), part(4, 6))).toBeNull();
    expect(returnsCorrelation(part(0, 3), part(6, 9))).toBeNull();
  });

  it("is undefined when either never moves", () => {
    const moving = closing(walk(0.01, -0.02, 0.03));
    const flat = closing([5, 5, 5, 5]);
    expect(returnsCorrelation(moving, flat)).toBeNull();
    expect(returnsCorrelation(flat, moving)).toBeNull();
  });

  it("refuses series of different intervals, and names them", () => {
    const other = madeCandles({ length: 30, intervalMs: 5 * MINUTE_MS });
    expect(() => returnsCorrelation(closing([1, 2, 3]), other)).toThrow(RangeError);
    expect(() => returnsCorrelation(closing([1, 2, 3]), other)).toThrow(/60000 ms and 300000 ms/);
  });
});
