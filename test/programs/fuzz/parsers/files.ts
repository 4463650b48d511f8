import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { openTimeMs } from "#libs/candles/candles.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandles } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { badText, hugeBytes } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser } from "#test/programs/fuzz/fuzzed-parser.ts";
import { mutatedBytes } from "#test/programs/fuzz/mutate.ts";

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
export function damagedTable(header: string, table: readonly (readonly string[])[]): fc.Arbitrary<Buffer> {
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

/** The rows of a table as a plain reader sees them. */
export function plainRows(text: string, header: string): number[][] {
  const lines = text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => line.replace(/\r$/, ""));
  while (lines.at(-1) === "") lines.pop();
  assert.equal(lines[0], header);
  return lines.slice(1).map((line) => {
    const cells = line.split(",");
    assert.equal(cells.length, header.split(",").length, line.slice(0, 80));
    return cells.map((cell, i) => {
      if (cell === "" && i === 6) return Number.NaN;
      assert.match(cell, /^[-+.\deE]+$/);
      const value = Number(cell);
      assert.ok(Number.isFinite(value), cell);
      // A zero has no sign.
      return value + 0;
    });
  });
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
  verify: (text: string, value: T) => void,
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
      verify: (bytes, value) => verify(textOf(bytes), value),
      names: () => [path],
      close: () => rm(folder, { recursive: true }),
    };
  });
}

const column = (rows: readonly (readonly number[])[], at: number) => rows.map((row) => row[at] ?? Number.NaN);

export const FILE_PARSERS: readonly FuzzedParser[] = [
  fileParser("file of candles", fileBytes(CANDLE_HEADER, candleTable()), readCandles, (text, candles) => {
    const rows = plainRows(text, CANDLE_HEADER);
    assert.equal(candles.length, rows.length);
    assert.deepEqual(
      Array.from({ length: candles.length }, (_, i) => openTimeMs(candles, i)),
      column(rows, 0),
    );
    for (const [at, name] of (["open", "high", "low", "close", "volume"] as const).entries()) {
      assert.deepEqual([...candles[name]], column(rows, at + 1), name);
    }
    for (const [timeMs = 0, open = 0, high = 0, low = 0, close = 0, volume = 0] of rows) {
      assert.ok(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close) && volume >= 0);
      assert.equal(timeMs % candles.intervalMs, 0);
    }
  }),
  fileParser(
    "file of funding rates",
    fileBytes(FUNDING_HEADER, fundingTable()),
    readFunding,
    (text, rates) => {
      const rows = plainRows(text, FUNDING_HEADER);
      assert.deepEqual([...rates.timeMs], column(rows, 0));
      assert.deepEqual([...rates.rate], column(rows, 1));
      assert.ok(rows.every(([, rate = 1]) => Math.abs(rate) < 1));
      assert.ok(rows.every(([timeMs = 0], i) => i === 0 || timeMs > (rows[i - 1]?.[0] ?? 0)));
    },
  ),
];
