import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "#libs/recordings/input-error.ts";
import { type CandleRow, plainDecimal, type SettledRate } from "#libs/recordings/own-format.ts";
import { readCandleTable } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { writeCandles, writeFunding } from "#libs/recordings/write-recording.ts";

const folder = mkdtempSync(join(tmpdir(), "write-recording-"));
afterAll(() => rmSync(folder, { recursive: true }));

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

const digits = fc.tuple(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: -14, max: 3 }));
/** What an exchange writes: at most fifteen digits. */
const price = digits.map(([mantissa, exponent]) => Number(`${mantissa}e${exponent}`));
const amount = fc.oneof(fc.constant(0), price);

const candle = fc
  .tuple(fc.array(price, { minLength: 4, maxLength: 4 }), amount, fc.option(amount))
  .map(([prices, volume, turnover]) => {
    const [low = 0, open = 0, close = 0, high = 0] = prices.sort((a, b) => a - b);
    return { open, high, low, close, volume, turnover };
  });

/** Rows of one minute, of which some are left out. */
const candleRows: fc.Arbitrary<CandleRow[]> = fc
  .array(fc.tuple(candle, fc.integer({ min: 0, max: 9 })), { minLength: 4, maxLength: 40 })
  .map((made) => {
    let openTimeMs = START_MS - MINUTE_MS;
    return made.map(([row, gap], i) => {
      openTimeMs += MINUTE_MS * (i > 2 && gap === 9 ? 3 : 1);
      return { openTimeMs, ...row };
    });
  });

let files = 0;
const newPath = (ending: string) => join(folder, `file${++files}.${ending}`);

describe("a written file of candles", () => {
  it.each(["csv", "csv.gz"])("reads as what was written (%s)", async (ending) => {
    await fc.assert(
      fc.asyncProperty(candleRows, async (rows) => {
        const path = newPath(ending);
        const writer = await writeCandles(path);
        await writer.write(rows.slice(0, 2));
        await writer.write(rows.slice(2));
        expect(await writer.commit()).toEqual({ rows: rows.length });
        const { table } = await readCandleTable(path);
        const read = Array.from({ length: table.length }, (_, i) => ({
          openTimeMs: table.openTimeMs[i],
          open: table.open[i],
          high: table.high[i],
          low: table.low[i],
          close: table.close[i],
          volume: table.volume[i],
          turnover: Number.isNaN(table.turnover[i]) ? null : table.turnover[i],
        }));
        expect(read).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  it("has no name before it is whole, and leaves nothing behind when it is given up", async () => {
    const path = newPath("csv.gz");
    const writer = await writeCandles(path);
    await writer.write([row(0)]);
    expect(existsSync(path)).toBe(false);
    await writer.discard();
    expect(readdirSync(folder).filter((name) => path.endsWith(name.replace(".partial", "")))).toEqual([]);
  });

  it("takes the place of the one before it only when it is whole", async () => {
    const path = newPath("csv");
    writeFileSync(path, "before");
    const writer = await writeCandles(path);
    await writer.write([row(0), row(1)]);
    expect(readFileSync(path, "utf8")).toBe("before");
    await writer.commit();
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(4);
  });

  it("is in order of time, and of numbers only", async () => {
    const writer = await writeCandles(newPath("csv"));
    await writer.write([row(1)]);
    await expect(writer.write([row(1)])).rejects.toThrow(RangeError);
    await expect(writer.write([{ ...row(2), high: Number.NaN }])).rejects.toThrow(RangeError);
    await writer.discard();
  });

  it("is refused in a sentence where it cannot be", async () => {
    await expect(writeCandles(join(folder, "none", "a.csv"))).rejects.toThrow(
      new InputError(
        `${join(folder, "none", "a.csv")}: the file cannot be written: its folder does not exist`,
      ),
    );
    const taken = newPath("csv");
    mkdirSync(join(taken, "inside"), { recursive: true });
    const writer = await writeCandles(taken);
    await writer.write([row(0)]);
    await expect(writer.commit()).rejects.toThrow(InputError);
    expect(existsSync(`${taken}.partial`)).toBe(false);
  });

  it("holds more than the streams take at once", async () => {
    const path = newPath("csv.gz");
    const writer = await writeCandles(path);
    for (let page = 0; page < 50; page++) {
      await writer.write(Array.from({ length: 1_000 }, (_, i) => row(page * 1_000 + i)));
    }
    await writer.commit();
    expect(gunzipSync(readFileSync(path)).toString().split("\n")).toHaveLength(50_002);
  });
});

describe("a written file of funding rates", () => {
  it("reads as what was written", async () => {
    const rates: SettledRate[] = [0.0001, -0.000125, 0, 1e-8].map((rate, i) => ({
      timeMs: START_MS + i * 28_800_000,
      rate,
    }));
    const path = newPath("csv.gz");
    const writer = await writeFunding(path);
    await writer.write(rates);
    await writer.commit();
    const read = await readFunding(path);
    expect([...read.timeMs]).toEqual(rates.map(({ timeMs }) => timeMs));
    expect([...read.rate]).toEqual(rates.map(({ rate }) => rate));
  });
});

describe("a number of a file", () => {
  it("is written without an exponent, and reads as the same double", () => {
    expect([8.6e-6, -1.25e-7, 1e21, 1.5e22, 0.1, 60_000, -0].map(plainDecimal)).toEqual([
      "0.0000086",
      "-0.000000125",
      "1000000000000000000000",
      "15000000000000000000000",
      "0.1",
      "60000",
      "0",
    ]);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(plainDecimal(value))).toBe(value + 0);
        expect(plainDecimal(value)).toMatch(/^-?\d+(\.\d+)?$/);
      }),
    );
  });
});

function row(i: number): CandleRow {
  return {
    openTimeMs: START_MS + i * MINUTE_MS,
    open: 1,
    high: 2,
    low: 0.5,
    close: 1.5,
    volume: 3,
    turnover: null,
  };
}
