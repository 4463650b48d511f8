import { describe, expect, it } from "vitest";
import { layWindows, makePlan } from "#libs/backtest/search/walk-forward.ts";
import { DAY_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";

const PLAN = { trainCandles: 300, testCandles: 100, warmUpCandles: 60, anchored: false };

describe("the windows", () => {
  it("trade the candles behind their train window, without a hole, up to the last one", () => {
    const laid = layWindows(775, PLAN);
    expect(laid?.windows).toEqual([
      { train: { from: 75, end: 375 }, test: { from: 375, end: 475 } },
      { train: { from: 175, end: 475 }, test: { from: 475, end: 575 } },
      { train: { from: 275, end: 575 }, test: { from: 575, end: 675 } },
      { train: { from: 375, end: 675 }, test: { from: 675, end: 775 } },
    ]);
    expect(laid?.next).toEqual({ from: 475, end: 775 });
  });

  it("all begin to choose at the first candle when anchored", () => {
    const laid = layWindows(775, { ...PLAN, anchored: true });
    expect(laid?.windows.map(({ train }) => train)).toEqual([
      { from: 75, end: 375 },
      { from: 75, end: 475 },
      { from: 75, end: 575 },
      { from: 75, end: 675 },
    ]);
    expect(laid?.next).toEqual({ from: 75, end: 775 });
  });

  it("are one when the candles just suffice, and none with one candle fewer", () => {
    expect(layWindows(460, PLAN)?.windows).toHaveLength(1);
    expect(layWindows(460, PLAN)?.windows[0]?.train.from).toBe(60);
    expect(layWindows(459, PLAN)).toBeNull();
  });

  it.each([
    [{ trainCandles: 1 }, "a train window must be a whole number of candles, at least 2, not 1"],
    [{ testCandles: 1 }, "a test window must be a whole number of candles, at least 2, not 1"],
    [{ testCandles: 2.5 }, "a test window must be a whole number of candles, at least 2, not 2.5"],
    [{ warmUpCandles: 59 }, "the warm-up must be a whole number of candles, at least 60, not 59"],
  ])("of %j are refused", (wrong, message) => {
    expect(() => layWindows(10_000, { ...PLAN, ...wrong })).toThrow(message);
  });

  it("may be as short as two candles", () => {
    const plan = { ...PLAN, trainCandles: 2, testCandles: 2 };
    expect(layWindows(64, plan)?.windows).toHaveLength(1);
  });
});

describe("the plan without wishes", () => {
  it("makes five tests behind trains of three times their length, after the live warm-up of 500 candles", () => {
    expect(makePlan(8500, 15 * MINUTE_MS)).toEqual({
      trainCandles: 3000,
      testCandles: 1000,
      warmUpCandles: 500,
      anchored: false,
    });
    expect(layWindows(8500, makePlan(8500, 15 * MINUTE_MS))?.windows).toHaveLength(5);
  });

  it("begins so late that the longest frame is whole in the first test, when a quarter of the file pays for it", () => {
    // 31 days of 15 minutes are 2976 candles, 900 of which the train window gives.
    const wishes = { trainCandles: 900, testCandles: 300 };
    expect(makePlan(8304, 15 * MINUTE_MS, wishes).warmUpCandles).toBe(2076);
    expect(makePlan(8303, 15 * MINUTE_MS, wishes).warmUpCandles).toBe(500);
    expect((31 * DAY_MS) / (15 * MINUTE_MS) - 900).toBe(2076);
  });

  it("takes either length from the other", () => {
    expect(makePlan(100_000, MINUTE_MS, { trainCandles: 3000 }).testCandles).toBe(1000);
    expect(makePlan(100_000, MINUTE_MS, { testCandles: 700 }).trainCandles).toBe(2100);
    expect(makePlan(100_000, MINUTE_MS, { trainCandles: 1 }).testCandles).toBe(1);
  });

  it("keeps every wish", () => {
    const wishes = { trainCandles: 1000, testCandles: 100, warmUpCandles: 70, anchored: true };
    expect(makePlan(100_000, MINUTE_MS, wishes)).toEqual(wishes);
  });

  it("of no candles has windows of no length", () => {
    expect(makePlan(10, MINUTE_MS)).toMatchObject({ trainCandles: 0, testCandles: 0 });
  });
});
