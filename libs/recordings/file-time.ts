import { showTime } from "#libs/candles/candle-error.ts";

const EARLIEST_MS = Date.UTC(2005, 0);
const LATEST_MS = Date.UTC(2200, 0);

/** What is wrong with a time from a file that should be milliseconds and later than the one before it, or null. */
export function timeProblem(timeMs: number, beforeMs: number): string | null {
  if (!Number.isInteger(timeMs)) return `the time ${timeMs} is not a whole number of milliseconds`;
  if (timeMs < EARLIEST_MS || timeMs > LATEST_MS) {
    return `the time ${timeMs} is not in milliseconds since 1970: a moment between 2005 and 2200 is needed`;
  }
  if (timeMs === beforeMs) return `the time ${showTime(timeMs)} is a duplicate of the line before`;
  if (timeMs < beforeMs)
    return `the time ${showTime(timeMs)} is before the one of the line above: not ascending`;
  return null;
}
