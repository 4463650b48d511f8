import { aggregate, divides } from "#libs/candles/aggregate.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";

/** One of the five horizons whose swing gives Fibonacci levels. */
export interface Frame {
  /** `interval/lookback`, as people write it: `5m/1d`. */
  readonly name: string;
  readonly intervalMs: number;
  readonly lookbackMs: number;
}

export const FRAMES: readonly Frame[] = [
  { name: "5m/1d", intervalMs: 5 * MINUTE_MS, lookbackMs: DAY_MS },
  { name: "15m/2d", intervalMs: 15 * MINUTE_MS, lookbackMs: 2 * DAY_MS },
  { name: "30m/5d", intervalMs: 30 * MINUTE_MS, lookbackMs: 5 * DAY_MS },
  { name: "4h/7d", intervalMs: 4 * HOUR_MS, lookbackMs: 7 * DAY_MS },
  { name: "1d/30d", intervalMs: DAY_MS, lookbackMs: 30 * DAY_MS },
];

/** The interval a frame is read in: its own, or the timeframe when that is longer. */
export function effectiveIntervalMs(frame: Frame, timeframe: Timeframe): number {
  return Math.max(frame.intervalMs, timeframeMs(timeframe));
}

/** How many candles of the effective interval a frame's window holds. */
export function frameWindow(frame: Frame, timeframe: Timeframe): number {
  return frame.lookbackMs / effectiveIntervalMs(frame, timeframe);
}

/** The distinct candle intervals (ms, ascending) the five frames are read in at this timeframe. */
export function frameIntervals(timeframe: Timeframe): number[] {
  return [...new Set(FRAMES.map((frame) => effectiveIntervalMs(frame, timeframe)))].sort((a, b) => a - b);
}

/**
 * The frame candles of every interval that can be made from a base series, as a recorded file has only one.
 * An interval the base does not divide is not in the map, so its frame is absent (base 3m has no 5m frame).
 * Each series is joined from the longest one already made, which costs little more than one pass.
 * @param ready the timeframe's own candles when the caller has them already.
 */
export function aggregateFrames(
  base: Candles,
  timeframe: Timeframe,
  ready?: Candles,
): ReadonlyMap<number, Candles> {
  const sources = ready === undefined || ready === base ? [base] : [base, ready];
  const frames = new Map<number, Candles>();
  for (const intervalMs of frameIntervals(timeframe)) {
    const source = sources.findLast((candles) => divides(candles.intervalMs, intervalMs));
    if (source === undefined) continue;
    const joined = aggregate(source, intervalMs);
    frames.set(intervalMs, joined);
    if (joined !== source) sources.push(joined);
  }
  return frames;
}
