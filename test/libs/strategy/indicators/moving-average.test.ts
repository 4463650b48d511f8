import { describe, expect, it } from "vitest";
import { average5, movingAverage } from "#libs/strategy/indicators/moving-average.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { exactWindow } from "#test/support/reference/exact-window.ts";

describe("moving averages", () => {
  it("are means of the last values, to thirteen digits", () => {
    const { close } = madeCandles({ length: 2_000, seed: 5, price: 60_000, tick: 0.1 });
    // A level of another decade, as after a redenomination.
    close.subarray(700, 1_400).forEach((value, k) => {
      close[700 + k] = value * 1e-8;
    });
    for (let i = 19; i < close.length; i++) {
      for (const [average, period] of [
        [average5(close, i), 5],
        [movingAverage(close, i, 5), 5],
        [movingAverage(close, i, 20), 20],
      ] as const) {
        expect(Math.abs(average / exactWindow(close, i, period).mean - 1)).toBeLessThan(1e-13);
      }
    }
  });

  it("are the value itself over a flat window, so that equal averages compare as equal", () => {
    const flat = new Float64Array(30).fill(0.1 + 0.2);
    expect(movingAverage(flat, 29, 20)).toBe(flat[0]);
    expect(average5(flat, 29)).toBe(flat[0]);
  });
});
