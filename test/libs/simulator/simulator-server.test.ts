import { readFileSync } from "node:fs";
import { RestClientV5 } from "bybit-api";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { decimalText, fixedText } from "#libs/simulator/bodies/json-bytes.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { closeSimulators, startSimulator } from "#test/support/exchange/simulators.ts";
import { NO_RECORDINGS, sharedFile } from "#test/support/shared-data.ts";

afterEach(closeSimulators);

const NOW = DEFAULT_START_MS;
const MINUTE = Math.floor(NOW / MINUTE_MS) * MINUTE_MS;

async function startClient() {
  const simulator = await startSimulator();
  return new RestClientV5({ baseUrl: simulator.url });
}

async function klineStarts(
  client: RestClientV5,
  range: { start?: number; end?: number; limit?: number; interval?: "1" | "5" | "D"; symbol?: string },
): Promise<number[]> {
  const reply = await client.getKline({ category: "linear", symbol: "SOLUSDT", interval: "1", ...range });
  expect(reply.retCode).toBe(0);
  return reply.result.list.map(([start]) => Number(start));
}

describe("GET /v5/market/kline", () => {
  it("answers rows of seven strings, newest first, the running candle at the top", async () => {
    const client = await startClient();
    const { result } = await client.getKline({ category: "linear", symbol: "SOLUSDT", interval: "5" });
    expect(result).toMatchObject({ category: "linear", symbol: "SOLUSDT" });
    expect(result.list).toHaveLength(200);
    for (const row of result.list) {
      expect(row).toHaveLength(7);
      for (const value of row) expect(value).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
    }
    const starts = result.list.map(([start]) => Number(start));
    expect(starts[0]).toBe(MINUTE);
    expect(starts).toEqual(starts.map((_, i) => MINUTE - i * 5 * MINUTE_MS));
  });

  it("takes start and end as candle starts, both included", async () => {
    const client = await startClient();
    const start = MINUTE - 10 * MINUTE_MS;
    expect(await klineStarts(client, { start, end: start + 3 * MINUTE_MS })).toEqual(
      [3, 2, 1, 0].map((i) => start + i * MINUTE_MS),
    );
    expect(await klineStarts(client, { start: start + 1, end: start + 3 * MINUTE_MS - 1 })).toEqual(
      [2, 1].map((i) => start + i * MINUTE_MS),
    );
    expect(await klineStarts(client, { start: NOW + 1, end: NOW + DAY_MS })).toEqual([]);
  });

  it("keeps the newest rows of a range that is too long, and the oldest of one without an end", async () => {
    const client = await startClient();
    const start = MINUTE - 5 * HOUR_MS;
    expect(await klineStarts(client, { start, end: MINUTE, limit: 3 })).toEqual(
      [0, 1, 2].map((i) => MINUTE - i * MINUTE_MS),
    );
    expect(await klineStarts(client, { start, limit: 3 })).toEqual(
      [2, 1, 0].map((i) => start + i * MINUTE_MS),
    );
    expect(await klineStarts(client, { start: start + 1, limit: 2 })).toEqual([
      start + 2 * MINUTE_MS,
      start + MINUTE_MS,
    ]);
    expect(await klineStarts(client, { end: start, limit: 2 })).toEqual([start, start - MINUTE_MS]);
  });

  it("gives the last candles of a contract that has stopped", async () => {
    const client = await startClient();
    const starts = await klineStarts(client, { symbol: "STALLEDUSDT", limit: 2 });
    const endMs = Date.UTC(2024, 5, 30, 8);
    expect(starts).toEqual([endMs - MINUTE_MS, endMs - 2 * MINUTE_MS]);
    expect(await klineStarts(client, { symbol: "STALLEDUSDT", start: NOW - DAY_MS, end: NOW })).toEqual([]);
  });

  it("refuses what Bybit refuses, with HTTP 200 and its words", async () => {
    const client = await startClient();
    const base = { category: "linear", symbol: "SOLUSDT", interval: "1" } as const;
    const refusal = async (params: object) => {
      const { retCode, retMsg } = await client.getKline({ ...base, ...params });
      return [retCode, retMsg];
    };
    expect(await refusal({ symbol: "NOSUCHUSDT" })).toEqual([10001, "Not supported symbols"]);
    expect(await refusal({ interval: "7" })).toEqual([10001, "Invalid period!"]);
    expect(await refusal({ category: "option" })).toEqual([10001, "params error: Category is invalid"]);
    expect(await refusal({ limit: 1001 })).toEqual([10001, "params error: limit invalid"]);
    expect(await refusal({ start: "soon" })).toEqual([10001, "params error: start invalid"]);
  });

  it("never shows a candle beyond the clock, while the clock runs", async () => {
    const clock = simulatedClock(NOW, 1000);
    const simulator = await startSimulator({ clock });
    const client = new RestClientV5({ baseUrl: simulator.url });
    for (let i = 0; i < 5; i++) {
      const starts = await klineStarts(client, { end: NOW + DAY_MS, limit: 5 });
      expect(starts[0]).toBeLessThanOrEqual(clock.nowMs());
      expect(starts[0]).toBeGreaterThanOrEqual(MINUTE);
    }
  });
});

describe("GET /v5/market/instruments-info and tickers", () => {
  it("pages through all instruments with the cursor, each once", async () => {
    const client = await startClient();
    const symbols: string[] = [];
    let pages = 0;
    let cursor: string | undefined;
    do {
      const reply = await client.getInstrumentsInfo({
        category: "linear",
        limit: 20,
        ...(cursor === undefined ? {} : { cursor }),
      });
      symbols.push(...reply.result.list.map(({ symbol }) => symbol));
      cursor = reply.result.nextPageCursor === "" ? undefined : reply.result.nextPageCursor;
      pages += 1;
    } while (cursor !== undefined);
    const all = syntheticExchange()
      .listings(NOW)
      .map(({ symbol }) => symbol);
    expect(symbols).toEqual(all);
    expect(pages).toBe(Math.ceil(all.length / 20));
  });

  it("finds one symbol, and refuses an unknown one", async () => {
    const client = await startClient();
    const one = await client.getInstrumentsInfo({ category: "linear", symbol: "BTCUSDT" });
    expect(one.result.list).toMatchObject([{ symbol: "BTCUSDT", priceFilter: { tickSize: "0.10" } }]);
    for (const reply of [
      await client.getInstrumentsInfo({ category: "linear", symbol: "NOSUCHUSDT" }),
      await client.getTickers({ category: "linear", symbol: "NOSUCHUSDT" }),
    ]) {
      expect([reply.retCode, reply.retMsg]).toEqual([10001, "params error: symbol invalid"]);
    }
  });

  it("prints the last price of the running candle and the range of 24 hours", async () => {
    const client = await startClient();
    const { result } = await client.getTickers({ category: "linear", symbol: "SOLUSDT" });
    const day = await client.getKline({ category: "linear", symbol: "SOLUSDT", interval: "1", limit: 1000 });
    const [ticker] = result.list;
    expect(Number(ticker?.lastPrice)).toBe(Number(day.result.list[0]?.[4]));
    expect(Number(ticker?.highPrice24h)).toBeGreaterThanOrEqual(
      Math.max(...day.result.list.map((row) => Number(row[2]))),
    );
  });
});

describe("GET /v5/market/funding/history", () => {
  it("answers at most 200 rates, newest first, and refuses a start without an end", async () => {
    const client = await startClient();
    const symbols = [8, 4].map(
      (hours) =>
        syntheticExchange()
          .listings(NOW)
          .find(({ fundingIntervalMinutes }) => fundingIntervalMinutes === hours * 60)?.symbol ?? "",
    );
    for (const [i, symbol] of symbols.entries()) {
      const intervalMs = (i === 0 ? 8 : 4) * HOUR_MS;
      const base = { category: "linear", symbol } as const;
      const { result } = await client.getFundingRateHistory({ ...base, startTime: 1, endTime: NOW });
      const times = result.list.map((row) => Number(row.fundingRateTimestamp));
      const lastMs = Math.floor(NOW / intervalMs) * intervalMs;
      expect(times).toEqual(Array.from({ length: 200 }, (_, row) => lastMs - row * intervalMs));
      expect((await client.getFundingRateHistory({ ...base, startTime: 1 })).retCode).toBe(10001);
    }
  });
});

describe("the simulator", () => {
  it("says in every reply that it is simulated, refusals and unknown paths included", async () => {
    const { url } = await startSimulator();
    for (const path of ["/", "/v5/market/time", "/v5/market/kline?interval=7", "/v5/order/create"]) {
      expect((await fetch(url + path)).headers.get("x-simulated")).toBe("synthetic");
    }
    expect(await (await fetch(url)).json()).toMatchObject({ simulated: "synthetic" });
    expect((await fetch(`${url}/v5/order/create`)).status).toBe(404);
  });

  it("counts the requests by path", async () => {
    const simulator = await startSimulator();
    await fetch(`${simulator.url}/v5/market/time`);
    await fetch(`${simulator.url}/v5/market/time`);
    expect(simulator.requests()).toEqual({ total: 2, faults: 0, byPath: { "/v5/market/time": 2 } });
  });

  it("feeds the adapter: closed candles without a hole, all instruments, all tickers", async () => {
    const simulator = await startSimulator();
    const market = makeBybitMarketData({
      baseUrl: simulator.url,
      requestsPerSecond: 1000,
    });
    const candles = await market.candles({
      symbol: "ORBIXUSDT",
      intervalMs: MINUTE_MS,
      fromMs: NOW - 2 * DAY_MS,
      toMs: NOW,
    });
    expect(candles.length).toBe(2 * 1440 - 1);
    expect(candles.startMs + candles.length * MINUTE_MS).toBe(MINUTE);
    expect(await market.instruments()).toHaveLength(syntheticExchange().listings(NOW).length);
    expect((await market.tickers()).find(({ symbol }) => symbol === "BTCUSDT")?.lastPrice).toBeGreaterThan(
      1000,
    );
    expect(await market.serverTimeMs()).toBe(NOW);
  });
});

/** The keys of an object and of what it holds, with the type of each value; of a list those of its first row. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, shapeOf(inner)]),
  );
}

describe("the shape of replies", () => {
  const RECORDED = [
    [
      "tickers",
      "data/bybit/tickers_linear_2026-10-10.json",
      "/v5/market/tickers?category=linear&symbol=BTCUSDT",
    ],
    [
      "instruments",
      "data/bybit/instruments_info_linear_docs_2026-09-26.json",
      "/v5/market/instruments-info?category=linear&symbol=BTCUSDT",
    ],
  ] as const;

  it.each(RECORDED)("of %s is that of a recorded one", async (_, name, path) => {
    const file = sharedFile(name);
    if (file === null) {
      process.stderr.write(`shape of replies: ${NO_RECORDINGS}\n`);
      return;
    }
    const { url } = await startSimulator();
    const reply: unknown = await (await fetch(url + path)).json();
    expect(shapeOf(reply)).toEqual(shapeOf(JSON.parse(readFileSync(file, "utf8"))));
  });

  it("is that of Bybit's documentation", async () => {
    const { url } = await startSimulator();
    const get = async (path: string): Promise<unknown> => (await fetch(`${url}/v5/market/${path}`)).json();
    const envelope = { retCode: "number", retExtInfo: {}, retMsg: "string", time: "number" };
    expect(shapeOf(await get("time"))).toEqual({
      ...envelope,
      result: { timeNano: "string", timeSecond: "string" },
    });
    expect(shapeOf(await get("kline?category=linear&symbol=BTCUSDT&interval=1"))).toEqual({
      ...envelope,
      result: { category: "string", list: [["string"]], symbol: "string" },
    });
    expect(shapeOf(await get("funding/history?category=linear&symbol=BTCUSDT"))).toEqual({
      ...envelope,
      result: {
        category: "string",
        list: [{ fundingRate: "string", fundingRateTimestamp: "string", symbol: "string" }],
      },
    });
  });
});

describe("numbers in bodies", () => {
  it("are printed exactly, of any length", () => {
    const units = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(units, fc.integer({ min: 0, max: 9 }), fc.boolean(), (whole, decimals, negative) => {
        const digits = String(whole).padStart(decimals + 1, "0");
        const head = digits.slice(0, digits.length - decimals);
        const tail = digits.slice(digits.length - decimals);
        const sign = negative && whole > 0 ? "-" : "";
        const fixed = sign + (decimals === 0 ? head : `${head}.${tail}`);
        expect(fixedText(negative ? -whole : whole, decimals)).toBe(fixed);
        const trimmed = decimals === 0 ? fixed : fixed.replace(/\.?0+$/, "");
        expect(decimalText(negative ? -whole : whole, decimals)).toBe(trimmed);
      }),
    );
  });
});
