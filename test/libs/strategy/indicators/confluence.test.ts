import { describe, expect, it } from "vitest";
import { makeCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { ConfluenceZones } from "#libs/strategy/indicators/confluence-zones.ts";
import { retracement } from "#libs/strategy/indicators/fibonacci.ts";
import { SwingWindow } from "#libs/strategy/indicators/swing-window.ts";

const RULE = ADVANCED.defaults.zones;
type Row = readonly [open: number, high: number, low: number, close: number];

/** A window over all of the given candles. */
function swingOf(rows: readonly Row[]): SwingWindow {
  const column = (k: 0 | 1 | 2 | 3) => rows.map((row) => row[k]);
  const candles = makeCandles(MINUTE_MS, {
    openTimeMs: rows.map((_, i) => i * MINUTE_MS),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: rows.map(() => 0),
  });
  const swing = new SwingWindow(candles, rows.length);
  swing.moveTo(rows.length * MINUTE_MS);
  return swing;
}

const HIGH: Row = [105, 110, 104, 105];
const LOW: Row = [105, 106, 100, 105];
const MIDDLE: Row = [105, 106, 104, 105];

describe("a swing", () => {
  it("is an up leg when its high is more recent, a down leg when it is older", () => {
    expect(swingOf([LOW, MIDDLE, HIGH])).toMatchObject({ present: true, up: true, high: 110, low: 100 });
    expect(swingOf([HIGH, MIDDLE, LOW]).up).toBe(false);
  });

  it("counts the most recent of equal extremes", () => {
    expect(swingOf([HIGH, LOW, HIGH]).up).toBe(true);
    expect(swingOf([LOW, HIGH, LOW]).up).toBe(false);
  });

  it("with both extremes in one candle follows that candle", () => {
    expect(swingOf([MIDDLE, [101, 110, 100, 101]]).up).toBe(true);
    expect(swingOf([MIDDLE, [102, 110, 100, 101]]).up).toBe(false);
  });

  it("is absent without a full window, and never holds a candle that closes later", () => {
    const swing = swingOf([LOW, MIDDLE, HIGH]);
    swing.moveTo(2 * MINUTE_MS);
    expect(swing.present).toBe(false);
    swing.moveTo(3 * MINUTE_MS + 59_999);
    expect(swing.present).toBe(true);
    swing.moveTo(4 * MINUTE_MS);
    expect(swing.present).toBe(false);
  });
});

describe("zones", () => {
  it("need levels of two frames, and lie at the mean of theirs", () => {
    const zones = new ConfluenceZones();
    zones.rebuild([swingOf([LOW, HIGH])], RULE);
    expect(zones.below(1_000)).toBeNaN();
    // Both legs share 100; 110 and 110.2 are within 0.3 %; 50 % is at 105 and 105.1.
    zones.rebuild([swingOf([LOW, HIGH]), swingOf([LOW, [105, 110.2, 104, 105]])], RULE);
    expect(zones.below(100.5)).toBeCloseTo(100, 10);
    expect(zones.above(109)).toBeCloseTo(110.1, 10);
    expect(zones.below(105.5)).toBeCloseTo(105.05, 10);
    expect(zones.above(110.2)).toBeNaN();
  });

  it("are strictly below and above a price", () => {
    const zones = new ConfluenceZones();
    zones.rebuild([swingOf([LOW, HIGH]), swingOf([LOW, HIGH])], RULE);
    expect(zones.below(105)).toBeLessThan(105);
    expect(zones.above(105)).toBeGreaterThan(105);
  });

  it.each([3.87, 11.55, 0.1, 97_000.7])(
    "do not stand beside a close at the extreme of all frames (%d)",
    (extreme) => {
      for (const up of [true, false]) {
        const zones = new ConfluenceZones();
        const spans = [0.07, 0.11, 0.13].map((share) => share * extreme);
        const highs = spans.map((span) => ({ present: true, high: extreme, low: extreme - span, up }));
        zones.rebuild(highs, { ...RULE, tolerance: 1e-6 });
        expect([zones.above(extreme), zones.list().at(-1)?.price]).toEqual([Number.NaN, extreme]);
        const lows = spans.map((span) => ({ present: true, high: extreme + span, low: extreme, up }));
        zones.rebuild(lows, { ...RULE, tolerance: 1e-6 });
        expect([zones.below(extreme), zones.list()[0]?.price]).toEqual([Number.NaN, extreme]);
      }
    },
  );

  it("begin and end at the extremes of a leg in which the price more than doubled", () => {
    expect(retracement(0.99, 0.3, true, 1)).toBe(0.3);
    expect(retracement(0.9, 0.9 / 3.3, false, 1)).toBe(0.9);
    expect(retracement(3.96, 1.2, true, 1)).toBe(1.2);
  });

  it("refuse ratios that are not ascending", () => {
    const rule = { ...RULE, ratios: [0.5, 0.382] };
    expect(() => new ConfluenceZones().rebuild([swingOf([LOW, HIGH])], rule)).toThrow(RangeError);
  });
});
