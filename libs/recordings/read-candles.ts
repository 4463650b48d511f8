import { CandleError, showTime } from "#libs/candles/candle-error.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { candleProblem, makeCandles } from "#libs/candles/make-candles.ts";
import { timeProblem } from "./file-time.ts";
import { GrowingColumn } from "./growing-column.ts";
import { InputError } from "./input-error.ts";
import { readTable } from "./read-table.ts";

const SHAPE = {
  columns: ["start_ms", "open", "high", "low", "close", "volume", "turnover"],
  optional: ["turnover"],
};

/**
 * Reads recorded candles. The base interval is the most common step between two lines (the smaller on a tie),
 * so that a hole is seen as a hole and not as another interval.
 * @throws InputError naming the file, the line or the time, and the reason.
 */
export async function readCandles(path: string): Promise<Candles> {
  const columns = {
    openTimeMs: new GrowingColumn(),
    open: new GrowingColumn(),
    high: new GrowingColumn(),
    low: new GrowingColumn(),
    close: new GrowingColumn(),
    volume: new GrowingColumn(),
  };
  const steps = new Map<number, number>();
  let beforeMs = Number.NaN;
  await readTable(path, SHAPE, (values) => {
    const [timeMs = 0, open = 0, high = 0, low = 0, close = 0, volume = 0] = values;
    const problem = timeProblem(timeMs, beforeMs) ?? candleProblem(open, high, low, close, volume);
    if (problem !== null) return problem;
    const step = timeMs - beforeMs;
    if (!Number.isNaN(step)) steps.set(step, (steps.get(step) ?? 0) + 1);
    beforeMs = timeMs;
    columns.openTimeMs.push(timeMs);
    columns.open.push(open);
    columns.high.push(high);
    columns.low.push(low);
    columns.close.push(close);
    columns.volume.push(volume);
    return null;
  });
  const intervalMs = mostCommon(steps);
  if (intervalMs === null) {
    throw new InputError(`${path}: one candle alone does not show its interval, two or more are needed`);
  }
  try {
    return makeCandles(intervalMs, {
      openTimeMs: columns.openTimeMs.values(),
      open: columns.open.values(),
      high: columns.high.values(),
      low: columns.low.values(),
      close: columns.close.values(),
      volume: columns.volume.values(),
    });
  } catch (error) {
    if (!(error instanceof CandleError)) throw error;
    // Line 1 is the header.
    const line = error.index + 2;
    throw new InputError(`${path} line ${line}: candle at ${showTime(error.timeMs)}: ${error.problem}`, {
      cause: error,
    });
  }
}

function mostCommon(steps: ReadonlyMap<number, number>): number | null {
  let best: number | null = null;
  let most = 0;
  for (const [step, count] of steps) {
    if (count < most || (count === most && best !== null && step > best)) continue;
    best = step;
    most = count;
  }
  return best;
}
