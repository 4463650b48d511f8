import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { at } from "#libs/simulator/candle-page.ts";
import { type RecordedExchange, recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import { defaultReplayStartMs } from "#libs/simulator/recorded/replay-start.ts";
import { closeSimulators, startSimulator } from "#test/support/exchange/simulators.ts";
import { NO_RECORDINGS, sharedFile } from "#test/support/shared-data.ts";

const START = Date.UTC(2025, 0, 6);
const HEADER = "start_ms,open,high,low,close,volume,turnover";

const folders: string[] = [];
afterEach(async () => {
  await closeSimulators();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function makeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), "recorded-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), name.endsWith(".gz") ? gzipSync(text) : text);
  }
  return folder;
}

interface Made {
  readonly fromMs?: number;
  readonly count?: number;
  readonly minutes?: number;
  readonly price?: (i: number) => number;
  readonly without?: readonly number[];
}

/** A candle file: opens at `price(i)`, closes at `price(i + 1)`, 2 above and 3 below them, volume `i + 1`. */
function csv({
  fromMs = START,
  count = 120,
  minutes = 1,
  price = (i) => 100 + i,
  without = [],
}: Made = {}): string {
  const rows = Array.from({ length: count }, (_, i) => {
    const [open, close] = [price(i), price(i + 1)];
    const [high, low] = [Math.max(open, close) + 2, Math.min(open, close) - 3];
    return `${fromMs + i * minutes * MINUTE_MS},${open},${high},${low},${close},${i + 1},`;
  });
  return [HEADER, ...rows.filter((_, i) => !without.includes(i)), ""].join("\n");
}

function exchangeOf(files: Readonly<Record<string, string>>): Promise<RecordedExchange> {
  return recordedExchange({ directory: makeFolder(files) });
}

function rows(
  exchange: RecordedExchange,
  range: { minutes?: number; fromMs?: number; toMs?: number; nowMs: number; symbol?: string },
) {
  const { minutes = 1, fromMs = START - DAY_MS, toMs = range.nowMs, nowMs, symbol = "TESTUSDT" } = range;
  const page = exchange.candles({ symbol, intervalMs: minutes * MINUTE_MS, fromMs, toMs, nowMs });
  return Array.from({ length: page.length }, (_, i) => ({
    minute: (at(page.openMs, i) - START) / MINUTE_MS,
    open: at(page.open, i),
    high: at(page.high, i),
    low: at(page.low, i),
    close: at(page.close, i),
    volume: at(page.volume, i),
  }));
}

describe("recorded candles", () => {
  it("are served as they were recorded, plain or gzipped", async () => {
    for (const name of ["BYBIT_TESTUSDT_1.csv", "BYBIT_TESTUSDT_1.csv.gz"]) {
      const [first, second] = rows(await exchangeOf({ [name]: csv() }), { nowMs: START + HOUR_MS });
      expect(first).toEqual({ minute: 0, open: 100, high: 103, low: 97, close: 101, volume: 1 });
      expect(second).toMatchObject({ minute: 1, open: 101, volume: 2 });
    }
  });

  it("are aggregated to longer intervals, whole buckets only", async () => {
    const exchange = await exchangeOf({
      "BYBIT_TESTUSDT_1.csv": csv({ fromMs: START + MINUTE_MS, count: 11 }),
    });
    expect(rows(exchange, { minutes: 3, nowMs: START + DAY_MS })).toEqual([
      { minute: 3, open: 102, high: 107, low: 99, close: 105, volume: 3 + 4 + 5 },
      { minute: 6, open: 105, high: 110, low: 102, close: 108, volume: 6 + 7 + 8 },
      { minute: 9, open: 108, high: 113, low: 105, close: 111, volume: 9 + 10 + 11 },
    ]);
  });

  it("keep their holes, also in longer intervals", async () => {
    const exchange = await exchangeOf({ "BYBIT_TESTUSDT_1.csv": csv({ count: 12, without: [4] }) });
    expect(rows(exchange, { nowMs: START + DAY_MS }).map(({ minute }) => minute)).toEqual([
      0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11,
    ]);
    expect(rows(exchange, { minutes: 3, nowMs: START + DAY_MS }).map(({ minute }) => minute)).toEqual([
      0, 6, 9,
    ]);
  });

  it("come from the file that covers the range best, of equals from that of the interval itself", async () => {
    const exchange = await exchangeOf({
      "BYBIT_TESTUSDT_1.csv": csv({ fromMs: START + HOUR_MS, count: 120 }),
      "BYBIT_TESTUSDT_15.csv": csv({ minutes: 15, count: 12, price: () => 500 }),
    });
    const nowMs = START + 3 * HOUR_MS;
    const long = rows(exchange, { minutes: 30, fromMs: START, toMs: nowMs - MINUTE_MS, nowMs });
    expect(long.map(({ open }) => open)).toEqual([500, 500, 500, 500, 500, 500]);
    const recent = { fromMs: START + HOUR_MS, toMs: START + 2 * HOUR_MS, nowMs };
    expect(rows(exchange, { minutes: 15, ...recent })[0]?.open).toBe(500);
    expect(rows(exchange, { minutes: 5, ...recent })[0]?.open).toBe(100);
  });

  it("of different decimals are one series in the units of the finest", async () => {
    const exchange = await exchangeOf({
      "BYBIT_TESTUSDT_1.csv": csv({ price: () => 1.5 + 10 }),
      "BYBIT_TESTUSDT_15.csv": csv({ minutes: 15, price: () => 11.125 }),
    });
    const nowMs = START + 2 * HOUR_MS;
    expect(rows(exchange, { nowMs })[0]?.open).toBe(11_500);
    expect(rows(exchange, { minutes: 15, nowMs })[0]?.open).toBe(11_125);
    expect(exchange.listing("TESTUSDT", nowMs)).toMatchObject({ priceDecimals: 3, tickUnits: 500 });
  });
});

describe("the running recorded candle", () => {
  const exchange = () => exchangeOf({ "BYBIT_TESTUSDT_1.csv": csv() });

  it("is put together from the minutes before the clock and the open of the one that runs", async () => {
    const nowMs = START + 7 * MINUTE_MS + 30_000;
    expect(rows(await exchange(), { minutes: 5, fromMs: START, nowMs })).toEqual([
      { minute: 0, open: 100, high: 107, low: 97, close: 105, volume: 1 + 2 + 3 + 4 + 5 },
      { minute: 5, open: 105, high: 109, low: 102, close: 107, volume: 6 + 7 },
    ]);
    expect(rows(await exchange(), { fromMs: START + 7 * MINUTE_MS, nowMs })).toEqual([
      { minute: 7, open: 107, high: 107, low: 107, close: 107, volume: 0 },
    ]);
  });

  it("knows nothing of what is recorded after the clock", async () => {
    const nowMs = START + 62 * MINUTE_MS + 1;
    const spoiled = await exchangeOf({
      "BYBIT_TESTUSDT_1.csv": csv({ price: (i) => (i <= 62 ? 100 + i : 9_999) }),
    });
    for (const minutes of [1, 5, 30, 240]) {
      expect(rows(spoiled, { minutes, nowMs })).toEqual(rows(await exchange(), { minutes, nowMs }));
    }
    expect(spoiled.dayStatistics("TESTUSDT", nowMs)).toEqual(
      (await exchange()).dayStatistics("TESTUSDT", nowMs),
    );
  });

  it("gives the last price of the statistics, which cover a day at most", async () => {
    const nowMs = START + 90 * MINUTE_MS;
    expect((await exchange()).dayStatistics("TESTUSDT", nowMs)).toMatchObject({
      last: 190,
      previous24h: 100,
      high: 192,
      low: 97,
      volume: (90 * 91) / 2,
    });
    expect((await exchange()).dayStatistics("TESTUSDT", START + 5 * DAY_MS)).toMatchObject({
      last: 220,
      high: 220,
      volume: 0,
    });
  });
});

describe("a folder of recordings", () => {
  it("is read by file name, the rest is noted", async () => {
    const folder = makeFolder({
      "BYBIT_TESTUSDT_1.csv": csv(),
      "BYBIT_OTHERUSDT_7.csv": csv(),
      "BYBIT_TESTUSDT_1.gaps.csv.gz": csv(),
      "notes.txt": "hello",
    });
    mkdirSync(path.join(folder, "old"));
    const exchange = await recordedExchange({ directory: folder });
    expect(exchange.listings(START + DAY_MS).map(({ symbol }) => symbol)).toEqual(["TESTUSDT"]);
    expect(exchange.notes).toHaveLength(4);
    for (const name of ["OTHERUSDT_7", "gaps", "notes.txt", "old"]) {
      expect(exchange.notes.some((note) => note.includes(name))).toBe(true);
    }
  });

  it("prefers Bybit's recording of the same symbol and interval", async () => {
    const exchange = await exchangeOf({
      "ACME_TESTUSDT_1.csv": csv({ price: () => 777 }),
      "BYBIT_TESTUSDT_1.csv": csv(),
      "ZULU_TESTUSDT_1.csv": csv({ price: () => 888 }),
    });
    expect(rows(exchange, { nowMs: START + HOUR_MS })[0]?.open).toBe(100);
    expect(exchange.notes).toHaveLength(2);
  });

  it("without a recording is an error that names the folder and the pattern", async () => {
    const folder = makeFolder({ "notes.txt": "hello" });
    for (const reason of [folder, "EXCHANGE_SYMBOL_INTERVAL"]) {
      await expect(recordedExchange({ directory: folder })).rejects.toThrow(reason);
    }
    const none = path.join(folder, "none");
    await expect(recordedExchange({ directory: none })).rejects.toThrow(InputError);
  });

  const row = (fields: string) => `${HEADER}\n${START},10,12,9,11,5,\n${fields}\n`;
  const next = START + MINUTE_MS;
  it.each([
    ["text in a number", row(`${next},ten,12,9,11,5,`), 'line 3: open is not a finite decimal number: "ten"'],
    ["a missing field", row(`${next},10,12,9,11`), "line 3: the line has 5 fields"],
    ["high below the close", row(`${next},10,10.5,9,11,5,`), "line 3: high 10.5"],
    ["low above the open", row(`${next},10,12,10.5,11,5,`), "line 3: low 10.5"],
    ["a zero price", row(`${next},0,12,0,11,5,`), "line 3: open must be above zero"],
    ["two rows of one time", row(`${START},10,12,9,11,6,\n${next},10,12,9,11,5,`), "line 3: the time"],
    ["another header", "time,open\n", "line 1: the header"],
    ["no candle", `${HEADER}\n`, "no row of a candle"],
    ["another interval than its name says", csv({ minutes: 5 }), "its name says 1 minutes"],
    ["one candle", csv({ count: 1 }), "one candle alone"],
    ["no gzip file", "no gzip", "line 1: there is neither a header"],
  ])("with %s in a file leaves that file out, with file and line", async (_, text, message) => {
    const files = { "BYBIT_TESTUSDT_1.csv": text };
    const exchange = await exchangeOf({ ...files, "BYBIT_OTHERUSDT_1.csv": csv() });
    expect(exchange.listings(START + DAY_MS).map(({ symbol }) => symbol)).toEqual(["OTHERUSDT"]);
    expect(exchange.notes).toEqual([expect.stringMatching(/^left out .*BYBIT_TESTUSDT_1\.csv/)]);
    expect(exchange.notes[0]).toContain(message);
    await expect(exchangeOf(files)).rejects.toThrow(message);
    await expect(exchangeOf(files)).rejects.toThrow(InputError);
  });

  it("takes a symbol from the files that can be used", async () => {
    const exchange = await exchangeOf({
      "BYBIT_TESTUSDT_1.csv": "broken",
      "BYBIT_TESTUSDT_15.csv": csv({ minutes: 15 }),
    });
    expect(rows(exchange, { minutes: 15, nowMs: START + DAY_MS })[0]?.open).toBe(100);
    expect(exchange.notes).toHaveLength(1);
  });

  it("that is small but unzips to more than any recording holds is refused", async () => {
    const folder = makeFolder({});
    const megabyte = gzipSync(Buffer.alloc(1_000_000, `#${"0".repeat(3_998)}\n`));
    writeFileSync(
      path.join(folder, "BYBIT_TESTUSDT_1.csv.gz"),
      Buffer.concat([gzipSync(csv()), ...Array.from({ length: 2_000 }, () => megabyte)]),
    );
    await expect(recordedExchange({ directory: folder })).rejects.toThrow(/unzips to more than 2 GB/);
  }, 120_000);

  it("with a broken file of funding rates has none", async () => {
    const exchange = await exchangeOf({
      "BYBIT_TESTUSDT_1.csv": csv(),
      "funding_TESTUSDT.csv": "funding_ms,rate\nsoon,0.0001\n",
    });
    expect(exchange.notes).toEqual([
      expect.stringMatching(/funding_TESTUSDT\.csv line 2: "soon" is no time/),
    ]);
    expect(exchange.fundingRates("TESTUSDT", 0, START + DAY_MS, START + DAY_MS)).toEqual([]);
  });

  it("is not decided by noise: digits of the arithmetic, and single numbers with more decimals", async () => {
    // 86 * 1e-7 is 8.599999999999999e-6.
    const noisyRows = Array.from({ length: 100 }, (_, i) => {
      const [low, high] = [(83 + (i % 5)) * 1e-7, (85 + (i % 5)) * 1e-7];
      return `${START + i * MINUTE_MS},${low},${high},${low},${high},${0.1 + 0.2},`;
    });
    const noisy = [HEADER, ...noisyRows].join("\n");
    expect(noisy).toContain("0.000008599999999999999");
    const exchange = await exchangeOf({ "BYBIT_TESTUSDT_1.csv": noisy });
    expect(exchange.listing("TESTUSDT", START + DAY_MS)).toMatchObject({
      priceDecimals: 7,
      tickUnits: 1,
      quantityDecimals: 1,
    });
    const single = csv({ count: 2_000, price: (i) => (i === 60 ? 160.00000001 : 100 + i) });
    const other = await exchangeOf({ "BYBIT_TESTUSDT_1.csv": single });
    expect(other.listing("TESTUSDT", START + DAY_MS)).toMatchObject({ tickUnits: 1, priceDecimals: 0 });
  });

  it("knows no candle that has not closed", async () => {
    const nowMs = START + 10 * MINUTE_MS;
    const exchange = await recordedExchange({
      directory: makeFolder({ "BYBIT_TESTUSDT_1.csv": csv() }),
      nowMs,
    });
    expect(exchange.coverage()).toEqual([{ symbol: "TESTUSDT", fromMs: START, toMs: nowMs }]);
  });

  it("serves recorded funding up to the clock", async () => {
    const exchange = await exchangeOf({
      "BYBIT_TESTUSDT_1.csv": csv(),
      "funding_TESTUSDT.csv.gz": `funding_ms,rate\n${START},0.0001\n${START + 8 * HOUR_MS},-0.0003\n`,
    });
    const nowMs = START + HOUR_MS;
    expect(exchange.fundingRates("TESTUSDT", 0, nowMs + DAY_MS, nowMs)).toEqual([
      { timeMs: START, rate: 0.0001 },
    ]);
    expect(exchange.nextFunding("TESTUSDT", nowMs)).toEqual({ timeMs: START + 8 * HOUR_MS, rate: 0.0001 });
  });
});

describe("the default start of a replay", () => {
  it("is the last half hour that the most symbols reach", async () => {
    const exchange = await exchangeOf({
      "BYBIT_AUSDT_1.csv": csv({ count: 100 }),
      "BYBIT_BUSDT_1.csv": csv({ count: 130 }),
      "BYBIT_CUSDT_15.csv": csv({ count: 400, minutes: 15 }),
    });
    expect(defaultReplayStartMs(exchange)).toBe(START + 90 * MINUTE_MS + 30_000);
  });

  it("leaves half a minute to be served when the recordings end on a boundary", async () => {
    const exchange = await exchangeOf({ "BYBIT_AUSDT_1.csv": csv({ count: 120 }) });
    expect(defaultReplayStartMs(exchange)).toBe(START + 90 * MINUTE_MS + 30_000);
  });
});

describe("real recordings", () => {
  const sample = sharedFile("data/candles/BYBIT_BTCUSDT_1.csv.gz");
  if (sample === null) process.stderr.write(`real recordings: ${NO_RECORDINGS}\n`);

  it.skipIf(sample === null)(
    "replay from where all six end, over the adapter, whole in every interval",
    async () => {
      const exchange = await recordedExchange({ directory: path.dirname(sample ?? "") });
      const startMs = defaultReplayStartMs(exchange);
      expect(new Date(startMs).toISOString()).toBe("2025-06-29T16:30:30.000Z");
      const clock = simulatedClock(startMs, 0);
      const { url } = await startSimulator({ source: exchange, clock });
      const market = makeBybitMarketData({ baseUrl: url, requestsPerSecond: 1000 });
      expect((await market.instruments()).map(({ symbol }) => symbol)).toEqual(
        ["ADA", "BNB", "BTC", "DOGE", "ETH", "SOL"].map((coin) => `${coin}USDT`),
      );
      for (const minutes of [1, 3, 5, 15, 30, 240]) {
        const intervalMs = minutes * MINUTE_MS;
        const toMs = Math.floor(startMs / intervalMs) * intervalMs;
        const candles = await market.candles({
          symbol: "BTCUSDT",
          intervalMs,
          fromMs: toMs - 20 * DAY_MS,
          toMs,
        });
        expect(candles.length).toBe((20 * DAY_MS) / intervalMs);
      }
      const btc = (await market.tickers()).find(({ symbol }) => symbol === "BTCUSDT");
      expect(btc?.lastPrice).toBe(107_467.9);
    },
  );
});
