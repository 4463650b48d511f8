import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openTimeMs } from "#libs/candles/candles.ts";
import { SwingWindow } from "#libs/strategy/indicators/swing-window.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";

const SIZE = 12;
// Coarse ticks: equal highs and lows are common.
const CANDLES = madeCandles({ length: 400, seed: 5, price: 100, tick: 0.5, volatilityPercent: 0.4 });
const { high, low, open, close } = CANDLES;

/** The last `SIZE` candles before `end` by the rule itself: of equal extremes the most recent one. */
function swingBefore(end: number) {
  const window = Array.from({ length: SIZE }, (_, k) => end - SIZE + k);
  const highest = Math.max(...window.map((k) => high[k] ?? Number.NaN));
  const lowest = Math.min(...window.map((k) => low[k] ?? Number.NaN));
  const highIndex = window.findLast((k) => high[k] === highest) ?? -1;
  const lowIndex = window.findLast((k) => low[k] === lowest) ?? -1;
  const closesUp = (close[highIndex] ?? 0) >= (open[highIndex] ?? 0);
  return { high: highest, low: lowest, up: highIndex === lowIndex ? closesUp : highIndex > lowIndex };
}

describe("a swing", () => {
  it("is that of the window's candles after any steps, forward, backward and out of the series", () => {
    const ends = fc.array(fc.integer({ min: 0, max: CANDLES.length + 2 }), { minLength: 1, maxLength: 30 });
    const walk = fc
      .integer({ min: SIZE, max: 300 })
      .map((from) => Array.from({ length: 80 }, (_, k) => from + k));
    fc.assert(
      fc.property(fc.oneof(ends, walk), (moves) => {
        const swing = new SwingWindow(CANDLES, SIZE);
        let before: object | null = null;
        for (const end of moves) {
          const changed = swing.moveTo(openTimeMs(CANDLES, end));
          const now = end >= SIZE && end <= CANDLES.length ? swingBefore(end) : null;
          expect(swing.present).toBe(now !== null);
          if (now !== null) expect({ high: swing.high, low: swing.low, up: swing.up }).toEqual(now);
          // It may say that it changed when its candles did and its prices did not; never the other way round.
          if (!changed) expect(now).toEqual(before);
          before = now;
        }
      }),
    );
  });
});
