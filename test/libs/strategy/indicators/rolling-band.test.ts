import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BAND_PERIOD, RollingBand } from "#libs/strategy/indicators/rolling-band.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { exactWindow } from "#test/support/reference/exact-window.ts";

const { close } = madeCandles({ length: 700, seed: 5, price: 60_000, tick: 0.1 });

/** Middle and half by candle, asked for in this order. */
function bandAt(
  values: Float64Array,
  order: Iterable<number>,
  startIndex = 0,
): Map<number, [number, number]> {
  const band = new RollingBand(values, startIndex);
  const found = new Map<number, [number, number]>();
  for (const i of order) {
    band.moveTo(i);
    found.set(i, [band.middle, band.half]);
  }
  return found;
}

describe("the rolling band", () => {
  it("is the same to the bit in whatever order candles are asked about", () => {
    const inOrder = bandAt(close, close.keys(), 13);
    const index = fc.integer({ min: 0, max: close.length - 1 });
    const stretch = fc
      .tuple(index, fc.integer({ min: 1, max: 50 }))
      .map(([from, length]) => Array.from({ length }, (_, k) => Math.min(from + k, close.length - 1)));
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            index.map((i) => [i, i]),
            stretch,
          ),
          { maxLength: 30 },
        ),
        (stretches) => {
          for (const [i, found] of bandAt(close, stretches.flat(), 13)) expect(found).toEqual(inOrder.get(i));
        },
      ),
    );
  });

  it("is the same to the bit when candles before the window or after the current one are cut off", () => {
    const whole = bandAt(close, close.keys(), 1_000_003);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 320, max: close.length }),
        fc.boolean(),
        (from, to, backwards) => {
          const part = close.subarray(from, to);
          const order = [...part.keys()].slice(BAND_PERIOD - 1);
          if (backwards) order.reverse();
          for (const [i, found] of bandAt(part, order, 1_000_003 + from)) {
            expect(found).toEqual(whole.get(from + i));
          }
        },
      ),
    );
  });

  it("is unknown for the first nineteen closes, wherever the blocks lie", () => {
    for (let startIndex = 0; startIndex < BAND_PERIOD; startIndex++) {
      const found = bandAt(close, close.subarray(0, 60).keys(), startIndex);
      for (let i = 0; i < BAND_PERIOD - 1; i++) expect(found.get(i)).toEqual([Number.NaN, Number.NaN]);
      for (let i = BAND_PERIOD - 1; i < 60; i++) {
        const exact = exactWindow(close, i, BAND_PERIOD);
        expect(found.get(i)?.[0]).toBeCloseTo(exact.mean, 9);
        expect(found.get(i)?.[1]).toBeCloseTo(2 * exact.deviation, 9);
      }
    }
  });

  it("keeps thirteen digits of any window: levels that jump nine decades, single ticks on a high price", () => {
    const price = fc.oneof(
      fc.double({ min: 1e-4, max: 1e-3, noNaN: true }),
      fc.double({ min: 1e4, max: 1e5, noNaN: true }),
      fc.integer({ min: 99_990, max: 100_010 }).map((ticks) => ticks * 0.1),
    );
    const run = fc
      .tuple(price, fc.integer({ min: 1, max: 25 }))
      .map(([value, length]) => Array.from({ length }, () => value));
    fc.assert(
      fc.property(fc.array(run, { minLength: 5, maxLength: 30 }), fc.nat(19), (runs, startIndex) => {
        const values = Float64Array.from(runs.flat());
        for (const [i, [middle, half]] of bandAt(values, values.keys(), startIndex)) {
          if (i < BAND_PERIOD - 1) continue;
          const exact = exactWindow(values, i, BAND_PERIOD);
          expect(Math.abs(middle / exact.mean - 1)).toBeLessThan(1e-13);
          expect(Math.abs(half - 2 * exact.deviation)).toBeLessThanOrEqual(2e-13 * exact.deviation);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("has no width over a flat window", () => {
    const flat = new Float64Array(90).fill(0.1 + 0.2);
    for (const order of [[...flat.keys()], [40, 61, 87]]) {
      for (const [i, found] of bandAt(flat, order, 7)) {
        if (i >= BAND_PERIOD - 1) expect(found).toEqual([0.1 + 0.2, 0]);
      }
    }
  });
});
