import { showTime } from "#libs/candles/candle-error.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { candleProblem } from "#libs/candles/make-candles.ts";
import { type CandleTable, gapsOf, segmentsOf } from "./candle-table.ts";
import { timeProblem } from "./file-time.ts";
import { GrowingColumn } from "./growing-column.ts";
import { InputError } from "./input-error.ts";
import type { GapPolicy, ReadOptions } from "./read-options.ts";
import { readTable } from "./read-table.ts";

const SHAPE = {
  columns: ["start_ms", "open", "high", "low", "close", "volume", "turnover"],
  optional: ["turnover"],
};

/** What was read, and what was understood. */
export interface CandleReading {
  /** Gaps possible. */
  readonly table: CandleTable;
  /** One line for people: "own.csv: 4,320 candles of 5 minutes, 2026-01-01 00:00 to ...". */
  readonly summary: string;
}

/**
 * Reads the candles of one coin from one or more files (`-`: standard input), which are joined in order of time. Gaps
 * stay gaps; `segmentsOf` splits the table at them.
 * @throws InputError naming the file, the line or the time, and the reason.
 */
export async function readCandleTable(
  paths: string | readonly string[],
  _options: ReadOptions = {},
): Promise<CandleReading> {
  const path = typeof paths === "string" ? paths : (paths[0] ?? "");
  const table = await tableOf(path);
  return { table, summary: `${path}: ${table.length} candles of ${table.intervalMs / 60_000} minutes` };
}

/**
 * The same as series without gaps, in order of time.
 * @throws InputError also for a gap, unless the policy is to split there.
 */
export async function readCandleSegments(
  paths: string | readonly string[],
  options: ReadOptions & { readonly gaps?: GapPolicy } = {},
): Promise<CandleReading & { readonly segments: readonly Candles[] }> {
  const reading = await readCandleTable(paths, options);
  const [gap] = gapsOf(reading.table);
  if (gap !== undefined && options.gaps !== "split") {
    const count = gap.missing === 1 ? "1 candle is" : `${gap.missing} candles are`;
    throw new InputError(
      `${paths} line ${gap.before + 2}: a hole before it: ${count} missing, the first at ${showTime(gap.fromMs)}`,
    );
  }
  return { ...reading, segments: segmentsOf(reading.table) };
}

/**
 * Reads one series of candles. The base interval is the most common step between two lines (the smaller on a tie),
 * so that a gap is seen as a gap and not as another interval.
 * @throws InputError naming the file, the line or the time, and the reason.
 */
export async function readCandles(path: string, options: ReadOptions = {}): Promise<Candles> {
  const { segments } = await readCandleSegments(path, options);
  const [candles] = segments;
  if (candles === undefined) throw new InputError(`${path}: there is no candle`);
  return candles;
}

async function tableOf(path: string): Promise<CandleTable> {
  const columns = {
    openTimeMs: new GrowingColumn(),
    open: new GrowingColumn(),
    high: new GrowingColumn(),
    low: new GrowingColumn(),
    close: new GrowingColumn(),
    volume: new GrowingColumn(),
    turnover: new GrowingColumn(),
  };
  const steps = new Map<number, number>();
  let beforeMs = Number.NaN;
  await readTable(path, SHAPE, (values) => {
    const [timeMs = 0, open = 0, high = 0, low = 0, close = 0, volume = 0, turnover = 0] = values;
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
    columns.turnover.push(turnover);
    return null;
  });
  const intervalMs = mostCommon(steps);
  if (intervalMs === null) {
    throw new InputError(`${path}: one candle alone does not show its interval, two or more are needed`);
  }
  const openTimeMs = columns.openTimeMs.values();
  const misaligned = openTimeMs.findIndex((timeMs) => timeMs % intervalMs !== 0);
  if (misaligned !== -1) {
    // Line 1 is the header.
    const timeMs = openTimeMs[misaligned] ?? Number.NaN;
    throw new InputError(
      `${path} line ${misaligned + 2}: ${showTime(timeMs)} is not a multiple of the interval`,
    );
  }
  return {
    intervalMs,
    length: openTimeMs.length,
    openTimeMs,
    open: columns.open.values(),
    high: columns.high.values(),
    low: columns.low.values(),
    close: columns.close.values(),
    volume: columns.volume.values(),
    turnover: columns.turnover.values(),
  };
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
