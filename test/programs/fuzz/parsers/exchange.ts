import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { openTimeMs } from "#libs/candles/candles.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { badValue, hugeBytes } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser } from "#test/programs/fuzz/fuzzed-parser.ts";
import { mutatedBytes } from "#test/programs/fuzz/mutate.ts";
import { jsonBytes } from "./json-bytes.ts";

const NOW_MS = 1_768_478_500_000;
const MINUTE_MS = 60_000;
/** Open time of the last closed candle. */
const LAST_MS = Math.floor(NOW_MS / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
const CANDLES = 5;
const FIRST_MS = LAST_MS - (CANDLES - 1) * MINUTE_MS;
const SECRET = "hunter2";

interface Reply {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Promises more bytes than come. */
  readonly cut: boolean;
  readonly gzip: "none" | "right" | "broken";
}

const envelope = (result: object) => ({ retCode: 0, retMsg: "OK", result, retExtInfo: {}, time: NOW_MS });

const REPLIES = {
  time: envelope({ timeSecond: String(NOW_MS / 1_000), timeNano: `${NOW_MS}000000` }),
  tickers: envelope({
    category: "linear",
    list: ["BTCUSDT", "SOLUSDT"].map((symbol) => ({
      symbol,
      lastPrice: "97000.5",
      highPrice24h: "98000",
      lowPrice24h: "95000.10",
      price24hPcnt: "-0.0125",
      turnover24h: "1000000000.1234",
      fundingRate: "0.0001",
    })),
  }),
  instruments: envelope({
    category: "linear",
    nextPageCursor: "",
    list: [
      {
        symbol: "BTCUSDT",
        contractType: "LinearPerpetual",
        status: "Trading",
        baseCoin: "BTC",
        quoteCoin: "USDT",
        launchTime: "1585526400000",
        deliveryTime: "0",
        priceFilter: { tickSize: "0.10" },
        lotSizeFilter: { qtyStep: "0.001", minNotionalValue: "5" },
        fundingInterval: 480,
        symbolType: "",
      },
    ],
  }),
  candles: envelope({
    category: "linear",
    symbol: "BTCUSDT",
    list: Array.from({ length: CANDLES }, (_, i) => [
      String(LAST_MS - i * MINUTE_MS),
      "100.5",
      "101",
      "99.25",
      "100",
      "12.5",
      "1250",
    ]),
  }),
  funding: envelope({
    category: "linear",
    list: [0, 1, 2].map((i) => ({
      symbol: "BTCUSDT",
      fundingRate: "-0.0001",
      fundingRateTimestamp: String(NOW_MS - i * 28_800_000),
    })),
  }),
};

function replies(valid: object): fc.Arbitrary<Reply> {
  const text = fc.constant(Buffer.from(JSON.stringify(valid)));
  return fc.record({
    status: fc.oneof(
      { arbitrary: fc.constant(200), weight: 9 },
      { arbitrary: fc.constantFrom(201, 204, 301, 400, 403, 404, 429, 500, 502, 599), weight: 1 },
    ),
    body: fc.oneof(
      { arbitrary: jsonBytes(fc.constant(valid)), weight: 1_500 },
      { arbitrary: mutatedBytes(text), weight: 500 },
      { arbitrary: hugeBytes.map(asResult), weight: 1 },
      { arbitrary: hugeBytes, weight: 1 },
    ),
    headers: fc.oneof(
      { arbitrary: fc.constant({}), weight: 9 },
      {
        arbitrary: badValue.map((value) => ({ "x-bapi-limit-reset-timestamp": headerText(value) })),
        weight: 1,
      },
    ),
    cut: fc.nat(30).map((n) => n === 0),
    gzip: fc.nat(30).map((n) => (n === 0 ? "right" : n === 1 ? "broken" : "none")),
  });
}

/** A well-formed reply around a result that is not. */
function asResult(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"retCode":0,"time":${NOW_MS},"result":`), bytes, Buffer.from("}")]);
}

function headerText(value: unknown): string {
  return String(typeof value === "object" ? "" : value)
    .replace(/[^\x20-\x7e]/g, "")
    .slice(0, 200);
}

function sent({ body, gzip }: Reply): Buffer {
  if (gzip === "none") return body;
  const zipped = gzipSync(body);
  return gzip === "right" ? zipped : zipped.subarray(0, zipped.length >> 1);
}

/** A server whose next reply is the input. */
async function startReplies(): Promise<{
  readonly url: string;
  set(reply: Reply): void;
  close(): Promise<void>;
}> {
  let reply: Reply | undefined;
  const server = createServer((_, outgoing) => {
    if (reply === undefined) return outgoing.end();
    const bytes = sent(reply);
    outgoing.writeHead(reply.status, {
      ...(reply.gzip === "none" ? {} : { "content-encoding": "gzip" }),
      ...reply.headers,
      ...(reply.status === 204 ? {} : { "content-length": bytes.length + (reply.cut ? 10 : 0) }),
    });
    if (reply.cut) outgoing.write(bytes, () => outgoing.destroy());
    else outgoing.end(bytes);
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Never a pipe's name: it listens on a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    set(next) {
      reply = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function exchangeParser<T>(
  endpoint: keyof typeof REPLIES,
  ask: (market: MarketData) => Promise<T>,
  verify: (result: Readonly<Record<string, unknown>>, value: T, body: unknown) => void,
): FuzzedParser {
  return fuzzedParser(`Bybit ${endpoint}`, async () => {
    const server = await startReplies();
    let hours = 0;
    const market = makeBybitMarketData({
      baseUrl: server.url,
      requestsPerSecond: 1_000_000,
      retryDelaysMs: [],
      refetchDelaysMs: [],
      // Each input finds a client whose ban of the input before is long over.
      time: { nowMs: () => hours * 3_600_000, sleep: async () => {} },
      credentials: { key: "a-key-to-hide", secret: SECRET },
    });
    return {
      inputs: replies(REPLIES[endpoint]),
      read(reply) {
        hours += 1;
        server.set(reply);
        return ask(market);
      },
      refusals: [MarketError],
      verify({ body }, value) {
        const parsed: unknown = JSON.parse(body.toString("utf8").replace(/^\ufeff/, ""));
        assert.equal(Object(parsed).retCode, 0);
        verify(Object(Object(parsed).result), value, parsed);
      },
      // The subject of each call begins its refusal.
      names: () => [
        "server time",
        "tickers",
        "instruments",
        "kline BTCUSDT",
        "BTCUSDT: ",
        "funding history BTCUSDT",
        "this address",
        "bans",
      ],
      secrets: () => [SECRET, "a-key-to-hide"],
      close: () => server.close(),
    };
  });
}

const PRINTED = /^[-+.\deE]+$/;

/** A printed number, read plainly. */
function printed(text: unknown): number {
  assert.ok(
    typeof text === "string" && PRINTED.test(text),
    `${String(text).slice(0, 60)} is no printed number`,
  );
  const value = Number(text);
  assert.ok(Number.isFinite(value), text.slice(0, 60));
  return value;
}

function isPrinted(text: unknown, value: number): boolean {
  return typeof text === "string" && PRINTED.test(text) && Number(text) === value;
}

const rowsOf = (result: Readonly<Record<string, unknown>>) =>
  result.list as readonly Readonly<Record<string, unknown>>[];

export const EXCHANGE_PARSERS: readonly FuzzedParser[] = [
  exchangeParser(
    "time",
    (market) => market.serverTimeMs(),
    (_, value, body) => {
      assert.equal(value, Object(body).time);
      assert.ok(!Number.isNaN(new Date(value).getTime()), `${value} is no moment`);
    },
  ),
  exchangeParser(
    "tickers",
    (market) => market.tickers(),
    (result, tickers) => {
      for (const ticker of tickers) {
        const { symbol, lastPrice, highPrice24h, lowPrice24h, turnover24h, fundingRate } = ticker;
        // Of rows with the same symbol the first that parses is taken.
        const given = rowsOf(result).some(
          (row) =>
            row?.symbol === symbol &&
            isPrinted(row.lastPrice, lastPrice) &&
            isPrinted(row.highPrice24h, highPrice24h) &&
            isPrinted(row.lowPrice24h, lowPrice24h) &&
            isPrinted(row.turnover24h, turnover24h) &&
            (fundingRate === null || isPrinted(row.fundingRate, fundingRate)),
        );
        assert.ok(given, `no row for ${JSON.stringify(ticker)}`);
        assert.ok(lastPrice > 0 && lowPrice24h > 0 && turnover24h >= 0);
        assert.ok(Number.isFinite(ticker.priceChange24h));
      }
      assert.equal(new Set(tickers.map(({ symbol }) => symbol)).size, tickers.length, "a repeated symbol");
    },
  ),
  exchangeParser(
    "instruments",
    (market) => market.instruments(),
    (result, instruments) => {
      for (const instrument of instruments) {
        assert.ok(rowsOf(result).some((row) => row?.symbol === instrument.symbol));
        // Rounding to a step of nothing would divide by it.
        assert.ok(
          printed(instrument.tickSize) > 0 && printed(instrument.qtyStep) > 0,
          `${instrument.tickSize} ${instrument.qtyStep}`,
        );
        assert.ok(
          instrument.fundingIntervalMinutes >= 0 && Number.isFinite(instrument.fundingIntervalMinutes),
        );
        const { deliveryTimeMs, launchTimeMs, minNotionalValue } = instrument;
        if (deliveryTimeMs !== null)
          assert.ok(!Number.isNaN(new Date(deliveryTimeMs).getTime()), `delivery ${deliveryTimeMs}`);
        assert.ok(
          launchTimeMs === Number.MAX_SAFE_INTEGER || !Number.isNaN(new Date(launchTimeMs).getTime()),
          `launch ${launchTimeMs}`,
        );
        assert.ok(minNotionalValue === null || Number.isFinite(minNotionalValue));
      }
    },
  ),
  exchangeParser(
    "candles",
    (market) =>
      market.candles({
        symbol: "BTCUSDT",
        intervalMs: MINUTE_MS,
        fromMs: FIRST_MS,
        toMs: LAST_MS + MINUTE_MS,
      }),
    (result, candles) => {
      const rows = new Map(
        (result.list as readonly (readonly string[])[]).map((row) => [Number(row?.[0]), row]),
      );
      assert.ok(candles.length <= CANDLES);
      for (let i = 0; i < candles.length; i++) {
        const row = rows.get(openTimeMs(candles, i));
        assert.ok(row, `candle ${i} is not in the reply`);
        const { open, high, low, close, volume } = candles;
        assert.deepEqual([open[i], high[i], low[i], close[i], volume[i]], row.slice(1, 6).map(printed));
        assert.ok(Number(low[i]) > 0 && Number(high[i]) >= Math.max(Number(open[i]), Number(close[i])));
      }
    },
  ),
  exchangeParser(
    "funding",
    (market) => market.fundingRates({ symbol: "BTCUSDT", fromMs: NOW_MS - 100_000_000, toMs: NOW_MS }),
    (result, rates) => {
      for (let i = 0; i < rates.length; i++) {
        const [timeMs, rate] = [rates.timeMs[i] ?? 0, rates.rate[i]];
        assert.ok(i === 0 || timeMs > (rates.timeMs[i - 1] ?? 0));
        const row = rowsOf(result).find(
          (one) => Number(one.fundingRateTimestamp) === timeMs && Number(one.fundingRate) === rate,
        );
        assert.ok(row, `no row for ${timeMs} ${rate}`);
        printed(row.fundingRate);
      }
    },
  ),
];
