import { at } from "#libs/candles/at.ts";
import { showTime } from "#libs/candles/candle-error.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { candleProblem } from "#libs/candles/make-candles.ts";
import { intervalOf } from "./candle-interval.ts";
import { type CandleTable, type Gap, gapsOf, segmentsOf } from "./candle-table.ts";
import { CANDLE_ROWS } from "./columns/row-kind.ts";
import { InputError } from "./input-error.ts";
import type { GapPolicy, ReadOptions } from "./read-options.ts";
import { type Collected, collectRows } from "./rows/collect-rows.ts";
import type { OrderedRows } from "./rows/collected-rows.ts";
import { counted, type Problems } from "./rows/problems.ts";
import { describeSources, minute } from "./summary.ts";

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
export function readCandleTable(
  paths: string | readonly string[],
  options: ReadOptions = {},
): Promise<CandleReading> {
  return read(paths, options, "keep");
}

/**
 * The same as series without gaps, in order of time.
 * @throws InputError also for a gap, unless the policy is to split there.
 */
export async function readCandleSegments(
  paths: string | readonly string[],
  options: ReadOptions & { readonly gaps?: GapPolicy } = {},
): Promise<CandleReading & { readonly segments: readonly Candles[] }> {
  const reading = await read(paths, options, options.gaps === "split" ? "keep" : "refuse");
  return { ...reading, segments: segmentsOf(reading.table) };
}

/**
 * Reads one series of candles.
 * @throws InputError naming the file, the line or the time, and the reason; a gap is one.
 */
export async function readCandles(
  path: string | readonly string[],
  options: ReadOptions = {},
): Promise<Candles> {
  const { segments } = await readCandleSegments(path, options);
  const [candles] = segments;
  if (candles === undefined) throw new InputError(`${path}: there is no candle`);
  return candles;
}

async function read(
  given: string | readonly string[],
  options: ReadOptions,
  gaps: "keep" | "refuse",
): Promise<CandleReading> {
  const paths = typeof given === "string" ? [given] : given;
  const collected = await collectRows(
    paths,
    CANDLE_ROWS,
    (values) => candleProblem(at(values, 1), at(values, 2), at(values, 3), at(values, 4), at(values, 5)),
    options,
  );
  const { problems } = collected.rows;
  const files = paths.join(", ");
  if (collected.rows.rows === 0) {
    throw problems.count > 0 ? problems.error(null) : new InputError(`${files}: ${noCandle(collected)}`);
  }
  const ordered = collected.rows.inOrder();
  const intervalMs = intervalOf(collected.rows.times, collected.rows.starts, ordered, paths, problems);
  addMisaligned(ordered, intervalMs, problems);
  const whole = tableOf(ordered, intervalMs);
  const table = closedOnly(whole, options.nowMs);
  const found = gapsOf(table);
  if (problems.count > 0 || (gaps === "refuse" && found.length > 0)) {
    throw refusal(files, problems, found, ordered, gaps);
  }
  if (table.length === 0) {
    throw new InputError(
      `${files}: no candle has closed: the first one begins ${minute(at(whole.openTimeMs, 0))}`,
    );
  }
  assertTurnover(files, collected, table);
  assertContinuity(files, collected, table);
  return { table, summary: summaryOf(collected, ordered, table, whole.length - table.length, found) };
}

function noCandle({ sources }: Collected): string {
  return sources.some(({ facts }) => facts.unconfirmed > 0)
    ? "all candles are marked as not closed"
    : "the file has a header but no row of a candle";
}

function addMisaligned(
  { columns: [times], length, placeOf }: OrderedRows,
  intervalMs: number,
  problems: Problems,
): void {
  if (times === undefined) return;
  for (let i = 0; i < length; i++) {
    const timeMs = at(times, i);
    if (timeMs % intervalMs === 0) continue;
    const { path, place, line } = placeOf(i);
    const text = `the time ${showTime(timeMs)} is not a multiple of the interval of ${minutes(intervalMs)}`;
    problems.add(path, place, line, text);
  }
}

function tableOf({ columns, length }: OrderedRows, intervalMs: number): CandleTable {
  const [openTimeMs, open, high, low, close, volume, turnover] = columns as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return { intervalMs, length, openTimeMs, open, high, low, close, volume, turnover };
}

/** Candles whose end lies in the future have not closed: their prices will be others. */
function closedOnly(table: CandleTable, nowMs: number | undefined): CandleTable {
  let length = table.length;
  while (length > 0 && at(table.openTimeMs, length - 1) + table.intervalMs > (nowMs ?? Infinity)) length--;
  return length === table.length ? table : sliced(table, length);
}

function sliced(table: CandleTable, length: number): CandleTable {
  return {
    intervalMs: table.intervalMs,
    length,
    openTimeMs: table.openTimeMs.subarray(0, length),
    open: table.open.subarray(0, length),
    high: table.high.subarray(0, length),
    low: table.low.subarray(0, length),
    close: table.close.subarray(0, length),
    volume: table.volume.subarray(0, length),
    turnover: table.turnover.subarray(0, length),
  };
}

const GAPS_SHOWN = 3;

function refusal(
  files: string,
  problems: Problems,
  gaps: readonly Gap[],
  ordered: OrderedRows,
  policy: "keep" | "refuse",
): InputError {
  if (policy === "keep" || gaps.length === 0) return problems.error(null);
  const shown = gaps.slice(0, GAPS_SHOWN).map(({ fromMs, missing, before }) => {
    const { place, line } = ordered.placeOf(before);
    return `${place} ${line}: ${missing} ${missing === 1 ? "at" : "from"} ${showTime(fromMs)}`;
  });
  const rest = gaps.length - shown.length;
  const all =
    `${gapCount(gaps)}: ${shown.join(", ")}${rest > 0 ? `, and ${counted(rest, "more gap")}` : ""}; ` +
    "fetch them again, or give --gaps split to use each part alone";
  return problems.count > 0 ? problems.error(all) : new InputError(`${files}: ${all}`);
}

function gapCount(gaps: readonly Gap[]): string {
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  return `${counted(gaps.length, "gap")}, ${counted(missing, "candle")} missing`;
}

/** Without names the last column may be anything: only a turnover is volume times price. */
function assertTurnover(
  files: string,
  { sources }: Collected,
  { length, low, high, volume, turnover }: CandleTable,
): void {
  if (!sources.some(({ facts }) => facts.header === "by position")) return;
  let given = 0;
  let wrong = 0;
  for (let i = 0; i < length; i++) {
    const value = at(turnover, i);
    if (Number.isNaN(value) || at(volume, i) === 0) continue;
    given++;
    if (value < 0.9 * at(low, i) * at(volume, i) || value > 1.1 * at(high, i) * at(volume, i)) wrong++;
  }
  if (2 * wrong <= given) return;
  throw new InputError(
    `${files}: the column behind the volume is not the turnover, which is volume times price: ` +
      `name the columns in a first line, as in ${CANDLE_ROWS.exampleHeader}`,
  );
}

/** Fewer candles may look like anything. */
const FEWEST_PAIRS = 50;

/** Without names open and close may be the other way round: a candle opens where the one before has closed. */
function assertContinuity(
  files: string,
  { sources }: Collected,
  { length, intervalMs, openTimeMs, open, close }: CandleTable,
): void {
  if (!sources.some(({ facts }) => facts.header === "by position")) return;
  let asRead = 0;
  let swapped = 0;
  let pairs = 0;
  for (let i = 1; i < length; i++) {
    if (at(openTimeMs, i) - at(openTimeMs, i - 1) !== intervalMs) continue;
    pairs++;
    asRead += Math.abs(at(open, i) - at(close, i - 1));
    swapped += Math.abs(at(close, i) - at(open, i - 1));
  }
  if (pairs < FEWEST_PAIRS || asRead <= 4 * swapped) return;
  throw new InputError(
    `${files}: read by position the candles do not open where those before have closed, but close where they have ` +
      `opened: name the columns in a first line, as in ${CANDLE_ROWS.exampleHeader}`,
  );
}

function summaryOf(
  { rows, sources }: Collected,
  { equal }: OrderedRows,
  table: CandleTable,
  unclosed: number,
  gaps: readonly Gap[],
): string {
  const endMs = at(table.openTimeMs, table.length - 1) + table.intervalMs;
  const span = `${minute(at(table.openTimeMs, 0))} to ${minute(endMs)} UTC`;
  const left = unclosed + sources.reduce((sum, { facts }) => sum + facts.unconfirmed, 0);
  const notes = [
    ...(left > 0 ? [`${counted(left, "candle")} that had not closed left out`] : []),
    ...(gaps.length > 0 ? [`${gapCount(gaps)}, so ${counted(gaps.length + 1, "segment")}`] : []),
  ];
  const what = `${counted(table.length, "candle")} of ${minutes(table.intervalMs)}, ${span}`;
  return describeSources(sources, what, rows.order, equal, notes);
}

function minutes(intervalMs: number): string {
  return intervalMs % 60_000 === 0
    ? counted(intervalMs / 60_000, "minute")
    : counted(intervalMs / 1_000, "second");
}
