import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandleSegments, readCandles, readCandleTable } from "#libs/recordings/read-candles.ts";
import type { ReadOptions } from "#libs/recordings/read-options.ts";
import { zipped } from "#test/support/factories/zip-file.ts";

const folder = mkdtempSync(join(tmpdir(), "read-candles-"));
afterAll(() => rmSync(folder, { recursive: true }));

const START_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 300_000;
const HEADER = "start_ms,open,high,low,close,volume,turnover";

let files = 0;
function written(content: string | Buffer, name = `file${++files}.csv`): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** A made candle: time, open, high, low, close, volume, turnover. */
type Row = readonly [number, number, number, number, number, number, number];

function row(i: number): Row {
  const open = 100 + i / 8;
  return [START_MS + i * STEP_MS, open, open + 2, open - 1.5, open + 1, 5 + i, (5 + i) * open];
}
const rows = (...indexes: readonly number[]): Row[] => indexes.map(row);
const SIX = rows(0, 1, 2, 3, 4, 5);

const csv = (of: readonly Row[], header = HEADER): string =>
  [header, ...of.map((one) => one.join(",")), ""].join("\n");

/** What a reader gives for these rows. */
async function read(content: string | Buffer, options: ReadOptions = {}): Promise<Row[]> {
  const { table } = await readCandleTable(written(content), options);
  return Array.from({ length: table.length }, (_, i): Row => {
    const { openTimeMs, open, high, low, close, volume, turnover } = table;
    const columns = [openTimeMs, open, high, low, close, volume, turnover];
    return columns.map((column) => column[i] ?? Number.NaN) as unknown as Row;
  });
}

async function refusal(content: string | Buffer, options: ReadOptions = {}): Promise<string> {
  const path = written(content);
  const error: unknown = await readCandleSegments(path, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return String(error).replace(path, "FILE");
}

const iso = (timeMs: number) => new Date(timeMs).toISOString();
const withTimes = (timeOf: (timeMs: number) => string | number, name = "time") =>
  [
    `${name},open,high,low,close,volume,turnover`,
    ...SIX.map(([timeMs, ...values]) => [timeOf(timeMs), ...values].join(",")),
  ].join("\n");

describe("a table of candles reads the same", () => {
  it.each<[string, string | Buffer]>([
    ["with columns in another order and others between", columnsInAnotherOrder()],
    ["with quotes", csv(SIX).replaceAll(/[^,\n]+/g, '"$&"')],
    ["with a delimiter inside quotes", quotedNames()],
    ["with spaces around the cells", csv(SIX).replaceAll(",", " , ")],
    ["with a delimiter at the end of the rows", csv(SIX).replaceAll(/(?<=\d)\n/g, ",\n")],
    ["with tabs", csv(SIX).replaceAll(",", "\t")],
    ["with semicolons", csv(SIX).replaceAll(",", ";")],
    ["with semicolons and decimal commas", csv(SIX).replaceAll(",", ";").replaceAll(".", ",")],
    ["with lines of text before the header", `https://www.example.org\nmade up\n\n${csv(SIX)}`],
    ["with comments and blank lines", csv(SIX).replaceAll("\n", "\n# a comment\n\n")],
    ["with a header again in the middle", csv(SIX.slice(0, 3)) + csv(SIX.slice(3))],
    ["with a mark at its beginning and CRLF", `\ufeff${csv(SIX).replaceAll("\n", "\r\n")}`],
    ["as the Unicode text of a spreadsheet", utf16(csv(SIX).replaceAll(",", "\t"))],
    ["newest first", csv([...SIX].reverse())],
    ["in pages that are newest first", csv(rows(2, 1, 0, 5, 4, 3))],
    ["with equal rows at the joins of pages", csv(rows(0, 1, 2, 2, 3, 4, 3, 4, 5))],
    ["without a header, of seven columns", csv(SIX).slice(HEADER.length + 1)],
    ["without a header, as klines of Binance", klines()],
    ["gzipped", gzipSync(csv(SIX))],
    ["gzipped in two parts", Buffer.concat([gzipSync(csv(SIX.slice(0, 2))), gzipSync(csv(SIX.slice(2)))])],
    ["zipped", zipped({ "candles.csv": csv(SIX) })],
    [
      "stored in a zip file, beside a folder",
      zipped({ "made/": "", "made/candles.csv": csv(SIX) }, "stored"),
    ],
  ])("%s", async (_, content) => {
    expect(await read(content)).toEqual(SIX);
  });

  it.each<[string, (timeMs: number) => string | number]>([
    ["seconds", (ms) => ms / 1_000],
    ["seconds with decimals", (ms) => `${ms / 1_000}.000`],
    ["milliseconds in scientific notation", (ms) => ms.toExponential()],
    ["microseconds", (ms) => ms * 1_000],
    ["nanoseconds", (ms) => `${ms}000000`],
    ["ISO 8601 in UTC", iso],
    ["ISO 8601 with an offset", (ms) => iso(ms + 5.5 * 3_600_000).replace(".000Z", "+05:30")],
    ["a basic offset", (ms) => iso(ms - 3 * 3_600_000).replace("Z", "-0300")],
    ["text with +00:00", (ms) => iso(ms).replace("T", " ").replace(".000Z", "+00:00")],
    ["text with UTC", (ms) => iso(ms).replace("T", " ").replace(".000Z", " UTC")],
    ["slashes", (ms) => `${iso(ms).slice(0, 16).replaceAll("-", "/").replace("T", " ")}Z`],
    ["the day first, with points", (ms) => `${iso(ms).slice(8, 10)}.01.2026 ${iso(ms).slice(11, 19)} GMT`],
    ["digits alone", (ms) => `${iso(ms).replaceAll(/[-T:]/g, "").slice(0, 14)}Z`],
  ])("with times as %s", async (_, timeOf) => {
    expect(await read(withTimes(timeOf))).toEqual(SIX);
  });

  it.each(["Gmt time", "Date (UTC)", "time_utc"])("with text times under %s", async (name) => {
    expect(await read(withTimes((ms) => iso(ms).slice(0, 19), name))).toEqual(SIX);
  });

  it.each([
    ["UTC", 0],
    ["+09:00", 9],
    ["-0330", -3.5],
    ["Asia/Seoul", 9],
    ["America/New_York", -5],
  ])("with text times of the zone %s when it is given", async (timeZone, hours) => {
    const text = withTimes((ms) =>
      iso(ms + hours * 3_600_000)
        .slice(0, 19)
        .replace("T", " "),
    );
    expect(await read(text, { timeZone })).toEqual(SIX);
  });

  it("with text times without a zone, as UTC, and says so", async () => {
    const text = withTimes((ms) => iso(ms).slice(0, 19).replace("T", " "));
    expect(await read(text)).toEqual(SIX);
    const { summary } = await readCandleTable(written(text), {});
    expect(summary).toMatch(/UTC \(--time-zone for another zone\)/);
  });

  it("with date and time of day in two columns", async () => {
    const lines = SIX.map(([ms, ...values]) =>
      [iso(ms).slice(0, 10).replaceAll("-", "."), iso(ms).slice(11, 19), ...values].join("\t"),
    );
    const header = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<VOL>\t<TURNOVER>";
    expect(await read([header, ...lines].join("\n"), { timeZone: "UTC" })).toEqual(SIX);
  });

  it("whichever of several time columns is clear", async () => {
    const lines = SIX.map(([ms, ...values]) =>
      [iso(ms).slice(0, 19), ms / 1_000, ...values, ms + STEP_MS - 1].join(","),
    );
    const header = "date,unix,open,high,low,close,volume,turnover,close_time";
    expect(await read([header, ...lines].join("\n"))).toEqual(SIX);
  });
});

describe("JSON reads the same", () => {
  const asObjects = SIX.map(([startTime, openPrice, highPrice, lowPrice, closePrice, volume, turnover]) => ({
    symbol: "MADEUSDT",
    startTime,
    openPrice,
    highPrice: String(highPrice),
    lowPrice,
    closePrice,
    volume,
    turnover,
    info: { time: 1, open: [1, "[2"], close: "]" },
  }));
  const answer = (list: readonly unknown[]) =>
    JSON.stringify({ retCode: 0, retMsg: "OK", result: { category: "linear", list }, time: 1 });
  const strings = SIX.map((one) => one.map(String));
  it.each<[string, string]>([
    ["as arrays", JSON.stringify(SIX)],
    ["as arrays, with spaces", JSON.stringify(SIX, null, 2)],
    ["as an answer of Bybit", answer([...strings].reverse())],
    ["as one answer a line", `${answer(strings.slice(0, 3))}\n${answer(strings.slice(3))}\n${answer([])}\n`],
    ["as objects", JSON.stringify(asObjects)],
    ["as lines", asObjects.map((one) => JSON.stringify(one)).join("\n")],
    ["as lines of arrays", SIX.map((one) => JSON.stringify(one)).join("\n")],
    ["with a first row of names", JSON.stringify([HEADER.split(","), ...SIX])],
    [
      "as klines of Binance",
      JSON.stringify(
        klines()
          .trim()
          .split("\n")
          .map((line) => line.split(",")),
      ),
    ],
    [
      "as messages of a stream, of which some have not closed",
      asObjects
        .flatMap((one) => [
          { topic: "kline", data: [{ ...one, closePrice: one.openPrice, confirm: false }] },
          { topic: "kline", data: [{ ...one, confirm: true }] },
        ])
        .map((one) => JSON.stringify(one))
        .join("\n"),
    ],
  ])("%s", async (_, content) => {
    expect(await read(content)).toEqual(SIX);
  });

  it("from pieces of any length", async () => {
    const text = answer([...strings].reverse());
    const path = written("", "pipe");
    rmSync(path);
    execFileSync("mkfifo", [path]);
    const writer = spawn("bash", ["-c", `while IFS= read -rn1 c; do printf '%s' "$c"; done > ${path}`]);
    writer.stdin.end(text);
    expect((await readCandles(path)).length).toBe(6);
  });

  it.each<[string, string, RegExp]>([
    ["ends in the middle", JSON.stringify(SIX).slice(0, -30), /after row 5: the JSON ends in the middle/],
    ["is broken", JSON.stringify(SIX).replace("],[", "] ["), /where it cannot be/],
    ["is nested without end", "[".repeat(100_000), /nested too deeply/],
    ["is one long text", `["${"x".repeat(3_000_000)}"]`, /too large for a row/],
    ["is a complaint", '{"retCode":10001,"retMsg":"params error","result":{}}', /no row.*params error/],
    [
      "has rows of eight values",
      JSON.stringify(SIX.map((one) => [...one, 1])),
      /rows of 8 values without names/,
    ],
    [
      "has the columns in another order",
      JSON.stringify(SIX.map(([ms, open, high, low, close, volume]) => [ms, low, high, open, close, volume])),
      /row 1: low .* is above open; row 2.*and 3 more problems/,
    ],
  ])("is refused when it %s", async (_, content, reason) => {
    expect(await refusal(content)).toMatch(reason);
  });
});

describe("a number", () => {
  it("has fifteen digits and may have an exponent", async () => {
    const [first, second] = await read(
      `${HEADER}\n${START_MS},8.5e-06,8.599999999999999e-06,8.5e-06,8.599999999999999e-06,21286.596873100003,\n` +
        `${START_MS + STEP_MS},1E-5,1e-5,1.0e-05,0.00001,+1.5e3,nan\n`,
    );
    expect(first?.slice(1)).toEqual([8.5e-6, 8.6e-6, 8.5e-6, 8.6e-6, 21286.5968731, Number.NaN]);
    expect(second?.slice(1)).toEqual([1e-5, 1e-5, 1e-5, 1e-5, 1500, Number.NaN]);
  });

  it("is refused where it may mean two things", async () => {
    const mixed = csv(SIX).replaceAll(",", ";").replace("100.125", "100,125");
    expect(await refusal(mixed)).toMatch(/point in line \d and a comma in line \d/);
    expect(await refusal(csv(SIX).replace("100.125", '"1,100.5"'))).toMatch(
      /without commas between thousands/,
    );
  });
});

describe("what is ambiguous is refused with what to say", () => {
  it.each<[string, string, RegExp]>([
    [
      "a trading terminal's time without a zone",
      [
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<VOL>",
        ...SIX.map(([ms, ...values]) =>
          [iso(ms).slice(0, 10), iso(ms).slice(11, 19), ...values.slice(0, 5)].join("\t"),
        ),
      ].join("\n"),
      /line 2: .*--time-zone UTC/,
    ],
    ["a day or month that is first", withTimes(() => "01/02/2026 00:00"), /whether day or month is first/],
    [
      "two columns of one name",
      csv(SIX, HEADER.replace("turnover", "close")),
      /"close" and "close" could both/,
    ],
    ["eight columns without names", SIX.map((one) => [...one, 1].join(",")).join("\n"), /8 columns without/],
    [
      "a seventh column that is no turnover",
      SIX.map((one) => [...one.slice(0, 6), one[0] + STEP_MS - 1].join(",")).join("\n"),
      /is not the turnover/,
    ],
    ["two coins", withSymbols(), /line 5: the row is of "B", those before are of "A"/],
    [
      "a zip file of two files",
      zipped({ a: csv(SIX), b: csv(SIX) }).toString("latin1"),
      /2 files \("a", "b"\)/,
    ],
  ])("%s", async (_, content, reason) => {
    const bytes = content.startsWith("PK") ? Buffer.from(content, "latin1") : content;
    expect(await refusal(bytes)).toMatch(reason);
  });

  it("an hour that the clocks go back over", async () => {
    const autumn = Date.UTC(2026, 10, 1, 1, 30);
    const lines = [0, 1].map((i) => `${iso(autumn + i * STEP_MS).slice(0, 19)},1,1,1,1,1`);
    const text = ["time,open,high,low,close,volume", ...lines].join("\n");
    expect(await refusal(text, { timeZone: "America/New_York" })).toMatch(/there twice.*America\/New_York/);
    expect(await refusal(text, { timeZone: "Mars/Base" })).toMatch(/not a time zone/);
  });
});

describe("problems", () => {
  it("are all counted, and the first are named with their places", async () => {
    const lines = csv(rows(0, 1, 2, 3, 4, 7, 8, 9)).split("\n");
    for (const line of [2, 3, 4, 5]) lines[line] = (lines[line] ?? "").replace(/,[^,]*,/, ",x,");
    const text = await refusal(lines.join("\n"));
    expect(text).toMatch(
      /FILE line 3: open .*"x"; line 4: .*; line 5: .*; and 1 more problem; 1 gap, 2 candles/,
    );
  });

  it("are rows of one time that differ, with both places", async () => {
    const changed = row(2).with(4, 100.5) as unknown as Row;
    expect(await refusal(csv([...rows(0, 1, 2), changed, ...rows(3, 4)]))).toMatch(
      /line 5: the time 2026-01-01T00:10:00.000Z \(\d+\) is a duplicate of line 4, and they differ: close 101.25 and 100.5/,
    );
  });

  it("are gaps, all of them counted", async () => {
    const text = await refusal(csv(rows(0, 1, 2, 4, 5, 9, 10, 12, 13, 20)));
    expect(text).toContain("FILE: 4 gaps, 11 candles missing: line 5: 1 at 2026-01-01T00:15:00.000Z");
    expect(text).toContain("and 1 more gap; fetch them again, or give --gaps split");
  });
});

describe("gaps", () => {
  it("are kept in a table, and split it into segments when asked", async () => {
    const path = written(csv(rows(0, 1, 2, 4, 5, 9)));
    const { segments, summary } = await readCandleSegments(path, { gaps: "split" });
    expect(segments.map(({ startMs, length }) => [(startMs - START_MS) / STEP_MS, length])).toEqual([
      [0, 3],
      [4, 2],
      [9, 1],
    ]);
    expect(summary).toContain("2 gaps, 4 candles missing, so 3 segments");
    expect((await readCandleTable(path)).table.length).toBe(6);
  });
});

describe("candles that have not closed", () => {
  it("are left out and reported", async () => {
    const nowMs = START_MS + 5 * STEP_MS - 1;
    const { table, summary } = await readCandleTable(written(csv(SIX)), { nowMs });
    expect(table.length).toBe(4);
    expect(summary).toContain("2 candles that had not closed left out");
    expect(await refusal(csv(SIX), { nowMs: START_MS })).toMatch(/no candle has closed/);
  });

  it("are not a problem for those that have", async () => {
    const marked = SIX.map((one, i) => [...one, i < 5 ? 1 : 0].join(","));
    expect(await read([`${HEADER},confirm`, ...marked].join("\n"))).toEqual(SIX.slice(0, 5));
  });
});

describe("several files of one coin", () => {
  it("are joined in order of time, and may overlap", async () => {
    const paths = [csv(rows(4, 5)), JSON.stringify(rows(0, 1, 2)), gzipSync(csv(rows(4, 3, 2)))].map((text) =>
      written(text),
    );
    const { table, summary } = await readCandleTable(paths);
    expect([...table.openTimeMs]).toEqual(SIX.map(([ms]) => ms));
    expect(summary).toContain("2 equal duplicate rows taken once");
  });

  it("are refused when they differ, in a row or in their interval", async () => {
    const first = written(csv(rows(0, 1, 2)));
    const other = written(csv([row(2).with(5, 1) as unknown as Row, ...rows(3, 4)]));
    await expect(readCandles([first, other])).rejects.toThrow(
      new RegExp(`${other} line 2: .* is a duplicate of ${first} line 4, and they differ: volume 7 and 1`),
    );
    const minutes = written(
      `${HEADER}\n${[0, 1].map((i) => `${START_MS + i * 60_000},1,1,1,1,1,`).join("\n")}`,
    );
    await expect(readCandles([first, minutes])).rejects.toThrow(/candles of 1 minutes cannot be joined/);
  });
});

describe("the summary", () => {
  it("says in one line what was understood", async () => {
    const path = written(withTimes((ms) => ms / 1_000, "Timestamp"));
    expect((await readCandleTable(path)).summary).toBe(
      `${path}: 6 candles of 5 minutes, 2026-01-01 00:00 to 2026-01-01 00:30 UTC (header by meaning, times in seconds)`,
    );
    const other = written(gzipSync(`made\n${csv(rows(3, 2, 2, 1, 0)).slice(HEADER.length + 1)}`));
    expect((await readCandleTable(other)).summary).toBe(
      `${other}: 4 candles of 5 minutes, 2026-01-01 00:00 to 2026-01-01 00:20 UTC ` +
        "(gzip, no header, columns by position, times in milliseconds; newest first; 1 equal duplicate row taken once; " +
        "1 line of text skipped)",
    );
  });
});

describe("damaged files", () => {
  it.each<[string, Buffer, RegExp]>([
    ["an encrypted zip file", encrypted(zipped({ a: csv(SIX) })), /encrypted/],
    ["a zip file that is cut off", zipped({ a: csv(SIX) }).subarray(0, 100), /damaged or cut off/],
    ["a zip file without a file", zipped({ "a/": "" }), /holds no file/],
    ["a gzip file that is cut off", gzipSync(csv(SIX)).subarray(0, 40), /cut off/],
    ["one long line", Buffer.alloc(1_000_000, "1,"), /too long for a row/],
  ])("are refused: %s", async (_, content, reason) => {
    expect(await refusal(content)).toMatch(reason);
  });
});

function columnsInAnotherOrder(): string {
  const lines = SIX.map(([ms, open, high, low, close, volume, turnover]) =>
    [close, "NaN", turnover, ms, volume, low, "MADE/USDT", high, open, 55.5].join(","),
  );
  return ["CLOSE,Volume MA,Volume USDT,Open time,Volume MADE,Low,symbol,High,Open,RSI", ...lines].join("\n");
}

function quotedNames(): string {
  const lines = SIX.map((one) => [`"MADE, of ""someone"""`, ...one].join(","));
  return [`name,${HEADER}`, ...lines].join("\n");
}

function withSymbols(): string {
  const lines = SIX.map((one, i) => [i < 3 ? "A" : "B", ...one].join(","));
  return [`symbol,${HEADER}`, ...lines].join("\n");
}

function klines(): string {
  return SIX.map(([ms, open, high, low, close, volume, turnover]) =>
    [ms, open, high, low, close, volume, ms + STEP_MS - 1, turnover, 3, volume / 2, turnover / 2, 0].join(
      ",",
    ),
  ).join("\n");
}

function utf16(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
}

/** Sets the mark of encryption in the directory. */
function encrypted(zip: Buffer): Buffer {
  const directory = zip.indexOf(Buffer.from("PK\u0001\u0002", "latin1"));
  zip[directory + 8] = (zip[directory + 8] ?? 0) | 1;
  return zip;
}

describe("a table that would be misread is refused", () => {
  const many = rows(...Array.from({ length: 60 }, (_, i) => i)).map(
    ([ms], i): Row => [ms, 100 + i, 102 + i, 99 + i, 101 + i, 5, 5 * (100 + i)],
  );

  it("when columns without names have open and close the other way round", async () => {
    const swapped = many.map(([ms, open, high, low, close, volume]) =>
      [ms, close, high, low, open, volume].join(","),
    );
    expect(await refusal(swapped.join("\n"))).toMatch(/name the columns in a first line/);
    const right = many.map(([ms, open, high, low, close, volume]) =>
      [ms, open, high, low, close, volume].join(","),
    );
    expect(await read(right.join("\n"))).toHaveLength(60);
  });

  it("when commas may stand between thousands", async () => {
    const thousands = [
      HEADER.replaceAll(",", "\t"),
      ...SIX.map(([ms, ...values]) =>
        [ms, ...values.map((value) => `${Math.min(999, Math.round(value))},000`)].join("\t"),
      ),
    ];
    expect(await refusal(thousands.join("\n"))).toMatch(/between thousands/);
  });

  it("when files are of two coins", async () => {
    const of = (coin: string, part: readonly Row[]) =>
      written([`symbol,${HEADER}`, ...part.map((one) => [coin, ...one].join(","))].join("\n"));
    const paths = [of("AUSDT", SIX.slice(0, 3)), of("BUSDT", SIX.slice(3))];
    await expect(readCandleTable(paths, {})).rejects.toThrow(/"BUSDT".*"AUSDT": give files of one coin/);
  });

  it("but not when UTF-16 is in either order of bytes", async () => {
    const little = Buffer.from(`\ufeff${csv(SIX)}`, "utf16le");
    expect(await read(Buffer.from(little).swap16())).toEqual(SIX);
    expect(await read(gzipSync(little))).toEqual(SIX);
  });
});
