import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import {
  type BybitRequest,
  type BybitServer,
  candleRow,
  failure,
  klineAnswer,
  klineRows,
  type ListedCandles,
  startBybitServer,
} from "#test/support/exchange/bybit-server.ts";

const NOON = Date.UTC(2025, 5, 1, 12);
const SYMBOL = "BTCUSDT";

let server: BybitServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

function listed(overrides: Partial<ListedCandles> = {}): ListedCandles {
  return { symbol: SYMBOL, intervalMs: MINUTE_MS, listedMs: 0, nowMs: NOON + 30_000, ...overrides };
}

/** Rows of the n-th request, for breaking some of them. */
type Meddle = (rows: string[][], index: number, request: BybitRequest) => unknown;

async function marketOf(exchange: ListedCandles, meddle: Meddle = (rows) => rows) {
  server = await startBybitServer((request, index) =>
    klineAnswer(exchange, meddle(klineRows(exchange, request.params), index, request)),
  );
  return marketAt(server.url);
}

function marketAt(baseUrl: string) {
  return makeBybitMarketData({
    baseUrl,
    requestsPerSecond: 10_000,
    retryDelaysMs: [0],
    refetchDelaysMs: [0, 0],
    timeoutMs: 5_000,
  });
}

function range(fromMs: number, toMs: number, intervalMs = MINUTE_MS) {
  return { symbol: SYMBOL, intervalMs, fromMs, toMs };
}

function expectWhole(candles: Candles, fromMs: number, toMs: number): void {
  expect(candles.length).toBe((toMs - fromMs) / candles.intervalMs);
  expect(endMs(candles)).toBe(toMs);
  for (let i = 0; i < candles.length; i++) {
    const row = candleRow(openTimeMs(candles, i), candles.intervalMs).map(Number);
    const here = [candles.open, candles.high, candles.low, candles.close, candles.volume].map((c) => c[i]);
    expect(here).toEqual(row.slice(1, 6));
  }
}

function windows(): { start: number; end: number }[] {
  return (server?.requests ?? []).map(({ params }) => ({
    start: Number(params.get("start")),
    end: Number(params.get("end")),
  }));
}

async function errorOf(promise: Promise<unknown>): Promise<MarketError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MarketError)) throw new Error("expected a MarketError", { cause: error });
  return error;
}

describe("paging", () => {
  it("joins pages without hole or overlap", async () => {
    const market = await marketOf(listed());
    const fromMs = NOON - 2_500 * MINUTE_MS;
    expectWhole(await market.candles(range(fromMs, NOON)), fromMs, NOON);

    const sorted = windows().sort((a, b) => a.start - b.start);
    expect(sorted).toHaveLength(3);
    expect(sorted[0]?.start).toBe(fromMs);
    for (const [i, window] of sorted.entries()) {
      expect(window.end - window.start).toBeLessThan(1_000 * MINUTE_MS);
      expect(window.end + MINUTE_MS).toBe(sorted[i + 1]?.start ?? NOON);
    }
    for (const { params } of server?.requests ?? []) {
      expect(params.get("category")).toBe("linear");
      expect(params.get("limit")).toBe("1000");
    }
  });

  it.each([
    [999, 1],
    [1_000, 1],
    [1_001, 2],
    [2_000, 2],
  ])("asks for %i candles in %i requests", async (count, requests) => {
    const market = await marketOf(listed());
    const fromMs = NOON - count * MINUTE_MS;
    expectWhole(await market.candles(range(fromMs, NOON)), fromMs, NOON);
    expect(server?.requests).toHaveLength(requests);
  });

  it.each([
    [MINUTE_MS, "1"],
    [3 * MINUTE_MS, "3"],
    [5 * MINUTE_MS, "5"],
    [15 * MINUTE_MS, "15"],
    [30 * MINUTE_MS, "30"],
    [4 * HOUR_MS, "240"],
    [DAY_MS, "D"],
  ])("asks for candles of %i ms as interval %s", async (intervalMs, name) => {
    const market = await marketOf(listed({ intervalMs }));
    const toMs = Math.floor(NOON / intervalMs) * intervalMs;
    expectWhole(
      await market.candles(range(toMs - 3 * intervalMs, toMs, intervalMs)),
      toMs - 3 * intervalMs,
      toMs,
    );
    expect(server?.requests[0]?.params.get("interval")).toBe(name);
  });

  it("takes the start inclusive and rounded up, the end exclusive", async () => {
    const market = await marketOf(listed());
    const candles = await market.candles(range(NOON - 10 * MINUTE_MS + 1, NOON - MINUTE_MS - 1));
    expectWhole(candles, NOON - 9 * MINUTE_MS, NOON - 2 * MINUTE_MS);
  });

  it("does not ask for an empty range", async () => {
    const market = await marketOf(listed());
    expect((await market.candles(range(NOON, NOON))).length).toBe(0);
    expect((await market.candles(range(NOON + 1, NOON + MINUTE_MS))).length).toBe(0);
    expect(server?.requests).toHaveLength(0);
  });

  it("refuses an interval the exchange does not have", async () => {
    const market = await marketOf(listed());
    const error = await errorOf(market.candles(range(0, NOON, 7 * MINUTE_MS)));
    expect(error.kind).toBe("rejected");
    expect(server?.requests).toHaveLength(0);
  });

  it("has at most four pages of a range in work", async () => {
    const market = await marketOf(listed());
    await market.candles(range(NOON - 20_000 * MINUTE_MS, NOON));
    expect(server?.requests).toHaveLength(20);
    expect(server?.peak()).toBeLessThanOrEqual(4);
  });
});

describe("the running candle", () => {
  it("is dropped by the exchange's time, not by ours", async () => {
    const market = await marketOf(listed({ nowMs: NOON + 59_999 }));
    const candles = await market.candles(range(NOON - 5 * MINUTE_MS, NOON + HOUR_MS));
    expectWhole(candles, NOON - 5 * MINUTE_MS, NOON);
    expect(server?.requests).toHaveLength(1);
  });

  it("is closed at the very moment of its end", async () => {
    const market = await marketOf(listed({ nowMs: NOON }));
    expectWhole(
      await market.candles(range(NOON - 5 * MINUTE_MS, NOON + HOUR_MS)),
      NOON - 5 * MINUTE_MS,
      NOON,
    );
  });

  it("ends the range when whole pages lie in the future", async () => {
    const market = await marketOf(listed());
    const fromMs = NOON - 1_500 * MINUTE_MS;
    expectWhole(await market.candles(range(fromMs, NOON + 30_000 * MINUTE_MS)), fromMs, NOON);
    expect(server?.requests.length).toBeLessThanOrEqual(4);
  });

  it("leaves nothing of a range that has not begun", async () => {
    const market = await marketOf(listed());
    expect((await market.candles(range(NOON, NOON + HOUR_MS))).length).toBe(0);
  });
});

describe("a symbol listed after the range's start", () => {
  it("starts at its first candle, without a request for every page before", async () => {
    const listedMs = NOON - 1_500 * MINUTE_MS;
    const market = await marketOf(listed({ listedMs }));
    expectWhole(await market.candles(range(NOON - 43_200 * MINUTE_MS, NOON)), listedMs, NOON);
    expect(server?.requests.length).toBeLessThan(10);
  });

  it("starts at its first candle when it begins with a page", async () => {
    const listedMs = NOON - 2_000 * MINUTE_MS;
    const market = await marketOf(listed({ listedMs }));
    expectWhole(await market.candles(range(NOON - 9_000 * MINUTE_MS, NOON)), listedMs, NOON);
  });

  it("has no candles before it is listed", async () => {
    const market = await marketOf(listed({ listedMs: NOON - 100 * MINUTE_MS }));
    const candles = await market.candles(range(NOON - 5_000 * MINUTE_MS, NOON - 200 * MINUTE_MS));
    expect(candles.length).toBe(0);
    expect(server?.requests.length).toBeLessThan(4);
  });
});

/** The candles that open in `[fromMs, toMs)` are lost, in the first `times` replies that would hold one. */
function hole(fromMs: number, toMs: number, times = Number.POSITIVE_INFINITY): Meddle {
  let left = times;
  const isMissing = (openMs: number) => openMs >= fromMs && openMs < toMs;
  return (rows, _, { params }) => {
    if (!rows.some((row) => isMissing(Number(row[0]))) || left-- <= 0) return rows;
    return klineRows(listed({ isMissing }), params);
  };
}

describe("missing candles", () => {
  const fromMs = NOON - 2_500 * MINUTE_MS;
  const places: [string, number, number][] = [
    ["in the middle of a page", NOON - 1_700 * MINUTE_MS, NOON - 1_699 * MINUTE_MS],
    ["at a page's beginning", NOON - 1_000 * MINUTE_MS, NOON - 999 * MINUTE_MS],
    ["over a whole page", NOON - 2_000 * MINUTE_MS, NOON - 1_000 * MINUTE_MS],
    ["at the range's beginning", fromMs, fromMs + 3 * MINUTE_MS],
    ["at the range's end", NOON - MINUTE_MS, NOON],
    ["over the newest page", NOON - 1_000 * MINUTE_MS, NOON],
  ];

  it.each(places)("%s are fetched again", async (_, from, to) => {
    const market = await marketOf(listed(), hole(from, to, 1));
    expectWhole(await market.candles(range(fromMs, NOON)), fromMs, NOON);
  });

  it.each(places)("%s that stay missing are an error with symbol, interval and time", async (_, from, to) => {
    const market = await marketOf(listed(), hole(from, to));
    const error = await errorOf(market.candles(range(fromMs, NOON)));
    expect(error.kind).toBe("incomplete");
    expect(error.message).toContain(SYMBOL);
    expect(error.message).toContain("1-minute");
    expect(error.message).toContain(new Date(from).toISOString());
  });

  it("cause a second fetch of their page only", async () => {
    const at = NOON - 1_700 * MINUTE_MS;
    const market = await marketOf(listed(), hole(at, at + MINUTE_MS, 1));
    await market.candles(range(fromMs, NOON));
    const counts = new Map<number, number>();
    for (const { start } of windows()) counts.set(start, (counts.get(start) ?? 0) + 1);
    expect([...counts].sort(([a], [b]) => a - b)).toEqual([
      [fromMs, 1],
      [NOON - 2_000 * MINUTE_MS, 2],
      [NOON - 1_000 * MINUTE_MS, 1],
    ]);
  });

  it("are an error for a delisted symbol whose candles have ended", async () => {
    const market = await marketOf(listed(), hole(NOON - 3_000 * MINUTE_MS, NOON));
    expect((await errorOf(market.candles(range(fromMs, NOON)))).kind).toBe("incomplete");
  });
});

describe("bad rows", () => {
  const at = NOON - 700 * MINUTE_MS;
  /** Changes the row of one candle in the first `times` replies. */
  function bad(change: (row: string[]) => unknown[], times: number): Meddle {
    let left = times;
    return (rows) =>
      rows.flatMap((row) => {
        if (Number(row[0]) !== at || left-- <= 0) return [row];
        return change(row);
      });
  }
  function withField(index: number, value: unknown) {
    return (row: string[]): unknown[] => [row.map((field, i) => (i === index ? value : field))];
  }
  const kinds: [string, (row: string[]) => unknown[], string][] = [
    ["a zero price", withField(3, "0"), "low"],
    ["a text", withField(4, "n/a"), '"n/a"'],
    ["an empty text", withField(1, ""), "open"],
    ["a number instead of a text", withField(4, 100), "close"],
    ["an infinite price", withField(2, "Infinity"), "high"],
    ["a high below the low", withField(2, "1"), "high"],
    ["a low above the open", withField(3, "5000"), "low"],
    ["a negative volume", withField(5, "-1"), "volume"],
    ["a misaligned time", withField(0, String(at + 1)), "start"],
    ["a time outside the page", withField(0, String(at - DAY_MS)), "start"],
    ["no time", withField(0, "soon"), "soon"],
    ["something that is no row", () => [null], "null"],
    ["the same candle twice", (row) => [row, row], "duplicate"],
  ];

  it.each(kinds)("with %s are fetched again", async (_, change) => {
    const market = await marketOf(listed(), bad(change, 1));
    const fromMs = NOON - 1_500 * MINUTE_MS;
    expectWhole(await market.candles(range(fromMs, NOON)), fromMs, NOON);
  });

  it.each(kinds)("with %s that stay are an error that names the field", async (_, change, named) => {
    const market = await marketOf(listed(), bad(change, 100));
    const error = await errorOf(market.candles(range(NOON - 1_500 * MINUTE_MS, NOON)));
    expect(error.kind).toBe("incomplete");
    expect(error.message).toContain(named);
    expect(error.message).toContain(SYMBOL);
    expect(server?.requests.length).toBeLessThan(8);
  });
});

describe("wrong answers", () => {
  it.each(["params error: symbol invalid", "params error: Symbol Is Invalid", "Not supported symbols"])(
    "say that the symbol is unknown: %s",
    async (text) => {
      server = await startBybitServer(() => failure(10001, text));
      const error = await errorOf(marketAt(server.url).candles(range(NOON - HOUR_MS, NOON)));
      expect(error.kind).toBe("unknown-symbol");
      expect(server.requests).toHaveLength(1);
    },
  );

  it("of another symbol are refused", async () => {
    const exchange = listed({ symbol: "ETHUSDT" });
    const market = await marketOf(exchange);
    const error = await errorOf(market.candles(range(NOON - HOUR_MS, NOON)));
    expect(error.kind).toBe("rejected");
    expect(error.message).toContain("ETHUSDT");
  });

  it("without a list are refused with the field", async () => {
    const market = await marketOf(listed(), () => "none");
    const error = await errorOf(market.candles(range(NOON - HOUR_MS, NOON)));
    expect(error.kind).toBe("rejected");
    expect(error.message).toContain("list");
  });
});

describe("any listing date and range", () => {
  it("gives exactly the exchange's closed candles", async () => {
    let exchange = listed();
    server = await startBybitServer((request) => klineAnswer(exchange, klineRows(exchange, request.params)));
    const market = marketAt(server.url);
    const time = fc.integer({ min: -4_000 * MINUTE_MS, max: 1_500 * MINUTE_MS });
    await fc.assert(
      fc.asyncProperty(
        time,
        time,
        fc.integer({ min: -4_000, max: 200 }),
        time,
        async (a, b, listing, now) => {
          const fromMs = NOON + Math.min(a, b);
          const toMs = NOON + Math.max(a, b);
          exchange = listed({ listedMs: NOON + listing * MINUTE_MS, nowMs: NOON + now });
          const candles = await market.candles(range(fromMs, toMs));
          const first = Math.max(Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS, exchange.listedMs);
          const end = Math.floor(Math.min(toMs, exchange.nowMs) / MINUTE_MS) * MINUTE_MS;
          if (end <= first) expect(candles.length).toBe(0);
          else expectWhole(candles, first, end);
        },
      ),
      { numRuns: 60 },
    );
  });
});
