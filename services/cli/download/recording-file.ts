import { access } from "node:fs/promises";
import { join } from "node:path";
import { at } from "#libs/candles/at.ts";
import type { CandleRow } from "#libs/market/candle-recorder.ts";
import type { CandleTable } from "#libs/recordings/candle-table.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandleTable } from "#libs/recordings/read-candles.ts";
import { writeCandles } from "#libs/recordings/write-recording.ts";
import type { Pieces } from "./pieces.ts";

const GZIP = ".gz";
/** Rows are handed to the writer in batches of this size. */
const BATCH = 5_000;

/** The file that is there, zipped or not; the zipped one's path when there is none. */
export async function pathOf(dir: string, zippedName: string): Promise<{ path: string; exists: boolean }> {
  const zipped = join(dir, zippedName);
  for (const path of [zipped, zipped.slice(0, -GZIP.length)]) {
    if (await isThere(path)) return { path, exists: true };
  }
  return { path: zipped, exists: false };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** @throws InputError when the file does not read, or holds candles of another interval. */
export async function readRecording(path: string, intervalMs: number): Promise<CandleTable> {
  const { table } = await readCandleTable(path);
  if (table.intervalMs === intervalMs) return table;
  throw new InputError(
    `${path}: holds candles of ${table.intervalMs / 60_000} minutes, and its name says ${intervalMs / 60_000}: ` +
      "move the file away, or choose another folder",
  );
}

/** Writes the recording anew from what was there and the parts. Never more than some parts are in memory. */
export async function writeMerged(
  path: string,
  existing: CandleTable | null,
  pieces: Pieces,
): Promise<{ readonly rows: number }> {
  const writer = await writeCandles(path);
  try {
    for await (const rows of mergedRows(existing, pieces)) await writer.write(rows);
    return await writer.commit();
  } finally {
    await writer.discard();
  }
}

interface OpenPiece {
  readonly rows: readonly CandleRow[];
  next: number;
}

/** All rows in order of time, each time once. */
async function* mergedRows(table: CandleTable | null, pieces: Pieces): AsyncGenerator<CandleRow[]> {
  const waiting = await pieces.list();
  let open: OpenPiece[] = [];
  let inTable = 0;
  let batch: CandleRow[] = [];
  const headOf = ({ rows, next }: OpenPiece) => rows[next]?.openTimeMs ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const tableRow = table !== null && inTable < table.length ? rowOf(table, inTable) : null;
    const nextMs = Math.min(tableRow?.openTimeMs ?? Number.POSITIVE_INFINITY, ...open.map(headOf));
    const piece = waiting[0];
    if (piece !== undefined && piece.firstMs <= nextMs) {
      waiting.shift();
      open.push({ rows: await pieces.read(piece), next: 0 });
      continue;
    }
    if (nextMs === Number.POSITIVE_INFINITY) break;
    let row = tableRow?.openTimeMs === nextMs ? tableRow : null;
    if (row !== null) inTable += 1;
    for (const one of open) {
      if (headOf(one) !== nextMs) continue;
      row ??= one.rows[one.next] ?? null;
      one.next += 1;
    }
    open = open.filter((one) => one.next < one.rows.length);
    if (row !== null) batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function rowOf(table: CandleTable, i: number): CandleRow {
  const turnover = at(table.turnover, i);
  return {
    openTimeMs: at(table.openTimeMs, i),
    open: at(table.open, i),
    high: at(table.high, i),
    low: at(table.low, i),
    close: at(table.close, i),
    volume: at(table.volume, i),
    turnover: Number.isFinite(turnover) ? turnover : null,
  };
}
