import { describe, expect, it } from "vitest";
import { aggregate, divides } from "#libs/candles/aggregate.ts";
import { CandleError } from "#libs/candles/candle-error.ts";
import { isTimeframe, MINUTE_MS, TIMEFRAMES, timeframeMs } from "#libs/candles/timeframe.ts";
import {
  aggregateFrames,
  effectiveIntervalMs,
  FRAMES,
  frameIntervals,
  frameWindow,
} from "#libs/strategy/frames.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";

const minutes = (intervalsMs: Iterable<number>) => [...intervalsMs].map((ms) => ms / MINUTE_MS);

describe("the timeframes", () => {
  it("are known by name", () => {
    expect(minutes(TIMEFRAMES.map(timeframeMs))).toEqual([1, 3, 5, 15, 30]);
    expect(TIMEFRAMES.every(isTimeframe)).toBe(true);
    expect(isTimeframe("2m")).toBe(false);
  });
});

describe("the Fibonacci frames", () => {
  it("look back from a day to a month", () => {
    expect(FRAMES.map((frame) => [frame.name, frameWindow(frame, "1m")])).toEqual([
      ["5m/1d", 288],
      ["15m/2d", 192],
      ["30m/5d", 240],
      ["4h/7d", 42],
      ["1d/30d", 30],
    ]);
  });

  it("are read in the timeframe when it is longer than their own interval", () => {
    expect(minutes(FRAMES.map((frame) => effectiveIntervalMs(frame, "15m")))).toEqual([
      15, 15, 30, 240, 1440,
    ]);
    expect(FRAMES.map((frame) => frameWindow(frame, "15m"))).toEqual([96, 192, 240, 42, 30]);
    expect(minutes(frameIntervals("1m"))).toEqual([5, 15, 30, 240, 1440]);
    expect(minutes(frameIntervals("30m"))).toEqual([30, 240, 1440]);
  });
});

describe("candles joined for the frames", () => {
  const base = madeCandles({ length: 4_000, seed: 8 });

  it("are what joining the base directly gives", () => {
    const frames = aggregateFrames(base, "3m");
    expect(minutes(frames.keys())).toEqual([5, 15, 30, 240, 1440]);
    for (const [intervalMs, candles] of frames) expect(candles).toEqual(aggregate(base, intervalMs));
  });

  it("use those of the timeframe that are there already", () => {
    const ready = aggregate(base, 15 * MINUTE_MS);
    const frames = aggregateFrames(base, "15m", ready);
    expect(frames.get(15 * MINUTE_MS)).toBe(ready);
    expect(frames.get(30 * MINUTE_MS)).toEqual(aggregate(base, 30 * MINUTE_MS));
    expect(aggregateFrames(base, "1m", base)).toEqual(aggregateFrames(base, "1m"));
  });

  it("leave out an interval that the base does not divide", () => {
    const threes = aggregate(base, 3 * MINUTE_MS);
    expect(minutes(aggregateFrames(threes, "3m").keys())).toEqual([15, 30, 240, 1440]);
  });
});

describe("joining candles", () => {
  it("adds up the volumes of each bucket", () => {
    const base = madeCandles({ length: 17, seed: 8, startMs: 2 * MINUTE_MS });
    const joined = aggregate(base, 5 * MINUTE_MS);
    const total = (from: number) =>
      base.volume.slice(from, from + 5).reduce((sum, volume) => sum + volume, 0);
    expect([...joined.volume]).toEqual([total(3), total(8)]);
    expect(joined.startMs).toBe(5 * MINUTE_MS);
  });

  it("returns candles that have the interval already", () => {
    const base = madeCandles({ length: 20 });
    expect(aggregate(base, MINUTE_MS)).toBe(base);
  });

  it("has no candle when no bucket is whole", () => {
    expect(aggregate(madeCandles({ length: 2, startMs: 3 * MINUTE_MS }), 5 * MINUTE_MS).length).toBe(0);
    expect(aggregate(madeCandles({ length: 1, startMs: MINUTE_MS }), 5 * MINUTE_MS).length).toBe(0);
  });

  it("refuses an interval that is not a multiple of theirs", () => {
    const threes = madeCandles({ length: 20, intervalMs: 3 * MINUTE_MS });
    expect(() => aggregate(threes, 5 * MINUTE_MS)).toThrow(CandleError);
    expect(() => aggregate(threes, 5 * MINUTE_MS)).toThrow(/3 minutes.*5 minutes/);
    expect(() => aggregate(threes, MINUTE_MS)).toThrow(CandleError);
    expect(divides(MINUTE_MS, MINUTE_MS)).toBe(true);
    expect(divides(5 * MINUTE_MS, 0)).toBe(false);
  });
});
