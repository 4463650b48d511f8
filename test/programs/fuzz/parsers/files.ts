import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { InputError } from "#libs/recordings/input-error.ts";
import { type CandleReading, readCandleTable } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { badText, hugeBytes } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser } from "#test/programs/fuzz/fuzzed-parser.ts";
import { mutatedBytes } from "#test/programs/fuzz/mutate.ts";
import { shapedFiles } from "#test/support/factories/candle-shapes.ts";

const MINUTE_MS = 60_000;
const START_MS = 1_768_478_400_000;

export const CANDLE_HEADER = "start_ms,open,high,low,close,volume,turnover";
export const FUNDING_HEADER = "funding_ms,rate";

/** A few rows of a candle file as cells. */
export function candleTable(rows = 6): string[][] {
  return Array.from({ length: rows }, (_, i) => {
    const open = 100 + (i % 3);
    return [
      String(START_MS + i * MINUTE_MS),
      String(open),
      `${open + 1.5}`,
      `${open - 0.25}`,
      `${open + 1}`,
      "12.5",
      i % 2 === 0 ? "1250.75" : "",
    ];
  });
}

export function fundingTable(): string[][] {
  return Array.from({ length: 5 }, (_, i) => [
    String(START_MS + i * 28_800_000),
    ["0.0001", "-0.000125", "0", "1e-4"][i % 4] ?? "0",
  ]);
}

type Change = { readonly row: number; readonly column: number; readonly kind: string; readonly text: string };

const change: fc.Arbitrary<Change> = fc.record({
  row: fc.nat(20),
  column: fc.nat(6),
  kind: fc.constantFrom(
    "cell",
    "cell",
    "cell",
    "delete row",
    "repeat row",
    "swap rows",
    "delete cell",
    "add cell",
    "quote",
    "shift",
    "negate",
    "blank",
  ),
  text: badText,
});

/** A table with damage that keeps it a table: what a careless export does. */
function damagedTable(header: string, table: readonly (readonly string[])[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.array(change, { maxLength: 3 }), fc.constantFrom("\n", "\n", "\n", "\r\n"), fc.boolean())
    .map(([changes, end, closed]) => {
      const rows = table.map((row) => [...row]);
      for (const { row, column, kind, text } of changes)
        damage(rows, row % Math.max(1, rows.length), column, kind, text);
      return Buffer.from(`${[header, ...rows.map((row) => row.join(","))].join(end)}${closed ? end : ""}`);
    });
}

function damage(rows: string[][], at: number, column: number, kind: string, text: string): void {
  const row = rows[at];
  if (row === undefined) return;
  const cell = row[column % row.length] ?? "";
  switch (kind) {
    case "cell":
      row[column % row.length] = text;
      break;
    case "delete row":
      rows.splice(at, 1);
      break;
    case "repeat row":
      rows.splice(at, 0, [...row]);
      break;
    case "swap rows":
      rows.splice(at, 1, ...rows.splice(0, 1, row));
      break;
    case "delete cell":
      row.splice(column, 1);
      break;
    case "add cell":
      row.push(text);
      break;
    case "quote":
      row[column % row.length] = `"${cell}"`;
      break;
    case "shift":
      row[0] = String(Number(row[0]) + column);
      break;
    case "negate":
      row[column % row.length] = `-${cell}`;
      break;
    default:
      rows[at] = [""];
  }
}

/** The bytes of a file, and whether they are what they seem: plain, gzipped, or gzipped and then broken. */
export function fileBytes(header: string, table: readonly (readonly string[])[]): fc.Arbitrary<Buffer> {
  const good = Buffer.from(`${[header, ...table.map((row) => row.join(","))].join("\n")}\n`);
  const plain = fc.oneof(
    { arbitrary: damagedTable(header, table), weight: 2_000 },
    { arbitrary: mutatedBytes(fc.constant(good)), weight: 1_000 },
    { arbitrary: hugeBytes, weight: 1 },
    { arbitrary: hugeBytes.map((bytes) => Buffer.concat([good, bytes])), weight: 1 },
  );
  const gzipped = plain.map((bytes) => gzipSync(bytes, { level: 1 }));
  return fc.oneof(
    { arbitrary: plain, weight: 8 },
    { arbitrary: gzipped, weight: 2 },
    { arbitrary: mutatedBytes(gzipped), weight: 1 },
  );
}

/** The rows of a table as a plain reader sees them: those of so many cells whose first is a time. */
export function plainRows(text: string, columns: number): number[][] {
  return text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "").trim()))
    .filter((cells) => cells.length >= columns && /^[\d.eE+]+$/.test(cells[0] ?? ""))
    .map((cells) =>
      cells.slice(0, columns).map((cell, k) => (k === 0 ? plainTime(cell) : plainNumber(cell))),
    );
}

function plainTime(cell: string): number {
  const value = Number(cell);
  return value > 1e17
    ? Math.floor(value / 1e6)
    : value > 1e14
      ? value / 1e3
      : value < 1e11
        ? value * 1e3
        : value;
}

/** With the digits that a double holds; a zero has no sign. */
function plainNumber(cell: string): number {
  return cell === "" ? Number.NaN : Number(Number(cell).toPrecision(15)) + 0;
}

/** What must be true of all candles, whatever was in the file. */
function assertSound({ table }: CandleReading): void {
  const { openTimeMs, open, high, low, close, volume, turnover, length, intervalMs } = table;
  assert.ok(length > 0 && intervalMs > 0);
  for (const column of [openTimeMs, open, high, low, close, volume, turnover])
    assert.equal(column.length, length);
  for (let i = 0; i < length; i++) {
    const [o = 0, h = 0, l = 0, c = 0, v = -1] = [open[i], high[i], low[i], close[i], volume[i]];
    assert.ok(l > 0 && l <= Math.min(o, c) && h >= Math.max(o, c) && h < Infinity && v >= 0 && v < Infinity);
    assert.equal((openTimeMs[i] ?? 1) % intervalMs, 0);
    assert.ok(i === 0 || (openTimeMs[i] ?? 0) > (openTimeMs[i - 1] ?? 0));
  }
}

/** The text of a file that may be gzipped, whole in memory. */
export function textOf(bytes: Buffer): string {
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (zipped ? gunzipSync(bytes) : bytes).toString("utf8");
}

function fileParser<T>(
  name: string,
  inputs: fc.Arbitrary<Buffer>,
  read: (path: string) => Promise<T>,
  verify: (bytes: Buffer, value: T) => void,
): FuzzedParser {
  return fuzzedParser(name, async () => {
    const folder = await mkdtemp(join(tmpdir(), "fuzz-files-"));
    const path = join(folder, "file.csv.gz");
    return {
      inputs,
      async read(bytes) {
        await writeFile(path, bytes);
        return read(path);
      },
      refusals: [InputError],
      verify,
      names: () => [path],
      close: () => rm(folder, { recursive: true }),
    };
  });
}

export const FILE_PARSERS: readonly FuzzedParser[] = [
  fileParser(
    "file of candles",
    fileBytes(CANDLE_HEADER, candleTable()),
    readCandleTable,
    (bytes, reading) => {
      assertSound(reading);
      const text = textOf(bytes);
      // Another header is another table, and a plain reader does not understand it.
      if (!text.startsWith(`${CANDLE_HEADER}\n`) && !text.startsWith(`${CANDLE_HEADER}\r\n`)) return;
      const rows = plainRows(text, 6).map((row) => row.join(" "));
      const { openTimeMs, open, high, low, close, volume, length } = reading.table;
      const read = Array.from({ length }, (_, i) =>
        [openTimeMs, open, high, low, close, volume].map((values) => values[i]).join(" "),
      );
      for (const row of read) assert.ok(rows.includes(row), `${row} is not in the file`);
      // A header again in the middle is no row, and an equal row is taken once.
      assert.equal(read.length, new Set(rows).size);
    },
  ),
  fileParser(
    "file of candles in any shape",
    fc.oneof(
      { arbitrary: shapedFiles.map(({ content }) => content), weight: 1 },
      { arbitrary: mutatedBytes(shapedFiles.map(({ content }) => content)), weight: 3 },
    ),
    (path) => readCandleTable(path, { timeZone: "UTC" }),
    (_, reading) => assertSound(reading),
  ),
  fileParser(
    "file of funding rates",
    fileBytes(FUNDING_HEADER, fundingTable()),
    readFunding,
    (bytes, rates) => {
      const { timeMs, rate, length } = rates;
      assert.ok(length > 0 && timeMs.length === length && rate.length === length);
      assert.ok(rate.every((one) => Math.abs(one) < 1));
      assert.ok(timeMs.every((one, i) => i === 0 || one > (timeMs[i - 1] ?? 0)));
      const text = textOf(bytes);
      if (!text.startsWith(`${FUNDING_HEADER}\n`) && !text.startsWith(`${FUNDING_HEADER}\r\n`)) return;
      const rows = new Set(plainRows(text, 2).map(([time, one]) => `${time} ${one}`));
      assert.deepEqual(Array.from(timeMs, (time, i) => `${time} ${rate[i]}`).sort(), [...rows].sort());
    },
  ),
];
