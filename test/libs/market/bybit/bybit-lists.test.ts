import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { HOUR_MS } from "#libs/candles/timeframe.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import {
  type BybitAnswer,
  type BybitRequest,
  type BybitServer,
  failure,
  ok,
  startBybitServer,
} from "#test/support/exchange/bybit-server.ts";
import { NO_RECORDINGS, sharedFile } from "#test/support/shared-data.ts";

let server: BybitServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function marketOf(script: (request: BybitRequest, index: number) => BybitAnswer, warn = () => {}) {
  server = await startBybitServer(script);
  return makeBybitMarketData({
    baseUrl: server.url,
    requestsPerSecond: 10_000,
    retryDelaysMs: [],
    logger: { warn },
  });
}

async function errorOf(promise: Promise<unknown>): Promise<MarketError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MarketError)) throw new Error("expected a MarketError", { cause: error });
  return error;
}

function tickerRow(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    symbol: "SOLUSDT",
    lastPrice: "151.25",
    highPrice24h: "160.00",
    lowPrice24h: "148.50",
    price24hPcnt: "-0.0125",
    turnover24h: "812345678.90",
    fundingRate: "0.0001",
    ...overrides,
  };
}

function instrumentRow(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    symbol: "SOLUSDT",
    contractType: "LinearPerpetual",
    status: "Trading",
    baseCoin: "SOL",
    quoteCoin: "USDT",
    launchTime: "1634256000000",
    deliveryTime: "0",
    priceFilter: { minPrice: "0.010", maxPrice: "19999.980", tickSize: "0.010" },
    lotSizeFilter: { qtyStep: "0.1", minNotionalValue: "5" },
    fundingInterval: 480,
    symbolType: "",
    ...overrides,
  };
}

const tickers = (...rows: unknown[]) => ok({ category: "linear", list: rows });

describe("tickers", () => {
  it("have figures as numbers and the change in percent", async () => {
    const market = await marketOf(() => tickers(tickerRow()));
    expect(await market.tickers()).toEqual([
      {
        symbol: "SOLUSDT",
        lastPrice: 151.25,
        highPrice24h: 160,
        lowPrice24h: 148.5,
        priceChange24h: -1.25,
        turnover24h: 812_345_678.9,
        fundingRate: 0.0001,
      },
    ]);
    expect(server?.requests[0]?.path).toBe("/v5/market/tickers");
    expect(server?.requests[0]?.params.get("category")).toBe("linear");
  });

  it("have no funding rate where the exchange prints none", async () => {
    const market = await marketOf(() => tickers(tickerRow({ symbol: "BTCUSDT-26JUN26", fundingRate: "" })));
    expect((await market.tickers())[0]?.fundingRate).toBeNull();
  });

  it.each([
    ["an empty price", { lastPrice: "" }],
    ["a zero price", { lowPrice24h: "0" }],
    ["text in a number", { turnover24h: "lots" }],
    ["a missing field", { price24hPcnt: undefined }],
  ])("are left out and said for a row with %s", async (_, broken) => {
    let warned = 0;
    const good = Array.from({ length: 20 }, (_, i) => tickerRow({ symbol: `C${i}USDT` }));
    const market = await marketOf(
      () => tickers(...good, tickerRow({ symbol: "ODDUSDT", ...broken })),
      () => {
        warned++;
      },
    );
    const symbols = (await market.tickers()).map(({ symbol }) => symbol);
    expect(symbols).toHaveLength(20);
    expect(symbols).not.toContain("ODDUSDT");
    expect(warned).toBe(1);
  });

  it("are refused, with field and value, when many rows do not parse", async () => {
    const market = await marketOf(() =>
      tickers(tickerRow(), tickerRow({ symbol: "ODDUSDT", lastPrice: "soon" })),
    );
    const error = await errorOf(market.tickers());
    expect(error.kind).toBe("rejected");
    expect(error.message).toContain("lastPrice");
    expect(error.message).toContain("soon");
    expect(error.message).toContain("ODDUSDT");
  });

  const recorded = sharedFile("data/bybit/tickers_linear_2026-10-10.json");
  it.skipIf(recorded === null)(
    `parse as recorded (${recorded === null ? NO_RECORDINGS : "found"})`,
    async () => {
      const body: unknown = JSON.parse(readFileSync(recorded ?? "", "utf8"));
      const market = await marketOf(() => ({ kind: "json", body }));
      const rows = await market.tickers();
      expect(rows.map(({ symbol }) => symbol)).toEqual([
        "BTCUSDT",
        "ETHUSDT",
        "WIFUSDT",
        "1000BONKUSDT",
        "TIAUSDT",
      ]);
      expect(rows[0]).toMatchObject({ lastPrice: 82_546.6, fundingRate: -0.000_048_93 });
      expect(rows[4]?.priceChange24h).toBeCloseTo(-3.3588, 10);
    },
  );
});

describe("instruments", () => {
  function pages(byCursor: Record<string, { symbols: string[]; next: string }>) {
    return ({ params }: BybitRequest) => {
      const page = byCursor[params.get("cursor") ?? ""];
      if (page === undefined) return failure(10001, "params error: cursor invalid");
      const list = page.symbols.map((symbol) => instrumentRow({ symbol }));
      return ok({ category: "linear", list, nextPageCursor: page.next });
    };
  }

  it("come from all pages, each symbol once", async () => {
    // Cursors as the exchange makes them: already encoded once.
    const market = await marketOf(
      pages({
        "": { symbols: ["AUSDT", "BUSDT"], next: "first%3DBUSDT%26last%3DCUSDT" },
        "first%3DBUSDT%26last%3DCUSDT": { symbols: ["BUSDT", "CUSDT"], next: "p3" },
        p3: { symbols: ["DUSDT"], next: "" },
      }),
    );
    const instruments = await market.instruments();
    expect(instruments.map(({ symbol }) => symbol)).toEqual(["AUSDT", "BUSDT", "CUSDT", "DUSDT"]);
    expect(server?.requests).toHaveLength(3);
    expect(server?.requests[0]?.params.get("limit")).toBe("1000");
  });

  it("end with an error when a cursor comes back", async () => {
    const market = await marketOf(
      pages({
        "": { symbols: ["AUSDT"], next: "p2" },
        p2: { symbols: ["BUSDT"], next: "p3" },
        p3: { symbols: ["CUSDT"], next: "p2" },
      }),
    );
    const error = await errorOf(market.instruments());
    expect(error.kind).toBe("retryable");
    expect(error.message).toContain("p2");
    expect(server?.requests).toHaveLength(3);
  });

  it("keep the steps as printed and have no delivery time while they are not delisted", async () => {
    const list = [instrumentRow(), instrumentRow({ symbol: "OLDUSDT", deliveryTime: "1764835200000" })];
    const market = await marketOf(() => ok({ category: "linear", list, nextPageCursor: "" }));
    const [sol, old] = await market.instruments();
    expect(sol).toEqual({
      symbol: "SOLUSDT",
      baseCoin: "SOL",
      quoteCoin: "USDT",
      contractType: "LinearPerpetual",
      symbolType: "",
      status: "Trading",
      launchTimeMs: 1_634_256_000_000,
      deliveryTimeMs: null,
      tickSize: "0.010",
      qtyStep: "0.1",
      minNotionalValue: 5,
      fundingIntervalMinutes: 480,
    });
    expect(old?.deliveryTimeMs).toBe(1_764_835_200_000);
  });

  const recorded = [
    "instruments_info_linear_2023_head3.json",
    "instruments_info_linear_docs_2026-09-26.json",
  ];
  it.for(recorded)("parse as recorded: %s", async (name, { skip }) => {
    const file = sharedFile(`data/bybit/${name}`);
    if (file === null) return skip(NO_RECORDINGS);
    const body: { time?: number } = JSON.parse(readFileSync(file, "utf8"));
    const market = await marketOf(() => ({ kind: "json", body: { time: 1_750_000_000_000, ...body } }));
    const instruments = await market.instruments();
    expect(instruments.length).toBeGreaterThan(0);
    for (const one of instruments) {
      expect(one).toMatchObject({ contractType: "LinearPerpetual", symbolType: "", deliveryTimeMs: null });
    }
  });
});

describe("recorded errors", () => {
  it("are typed as the policy says", async ({ skip }) => {
    const file = sharedFile("data/bybit/errors.json");
    if (file === null) return skip(NO_RECORDINGS);
    interface Recorded {
      name: string;
      http: number;
      headers?: Record<string, string>;
      body: { retCode?: number };
    }
    const { list }: { list: Recorded[] } = JSON.parse(readFileSync(file, "utf8"));
    const kinds = new Map<string, string>();
    for (const { name, http, headers = {}, body } of list.filter(({ body }) => body.retCode !== 0)) {
      const market = await marketOf(() => ({ kind: "json", status: http, headers, body }));
      kinds.set(name, (await errorOf(market.instruments())).kind);
      await server?.close();
    }
    expect(Object.fromEntries(kinds)).toEqual({
      "instruments-info linear, unknown symbol": "unknown-symbol",
      "orderbook/market call, unknown symbol": "unknown-symbol",
      "private call, wrong enum value": "rejected",
      "rate limit, long text": "retryable",
      "rate limit, short text": "retryable",
      "IP ban, HTTP 403": "banned",
    });
  });
});

describe("funding rates", () => {
  const symbol = "SOLUSDT";
  const END = Date.UTC(2025, 5, 1);

  /** An exchange's history: the newest 200 of the range, newest first; a start alone is an error. */
  function history(settlements: ReadonlyMap<number, string>) {
    return ({ params }: BybitRequest): BybitAnswer => {
      if (params.get("startTime") === null || params.get("endTime") === null) {
        return failure(10001, "Time range error");
      }
      const [start, end] = [Number(params.get("startTime")), Number(params.get("endTime"))];
      const list = [...settlements]
        .filter(([timeMs]) => timeMs >= start && timeMs <= end)
        .sort(([a], [b]) => b - a)
        .slice(0, Number(params.get("limit")))
        .map(([timeMs, fundingRate]) => ({ symbol, fundingRate, fundingRateTimestamp: String(timeMs) }));
      return ok({ category: "linear", list });
    };
  }

  function every(hours: number, count: number): Map<number, string> {
    return new Map(
      Array.from({ length: count }, (_, i) => [END - (count - 1 - i) * hours * HOUR_MS, `0.000${i % 10}`]),
    );
  }

  it.each([0, 1, 199, 200, 201, 400, 1_050])("come whole and ascending over pages: %i", async (count) => {
    const settlements = every(1, count);
    const market = await marketOf(history(settlements));
    const rates = await market.fundingRates({ symbol, fromMs: END - 2_000 * HOUR_MS, toMs: END });
    expect(rates.length).toBe(count);
    expect([...rates.timeMs]).toEqual([...settlements.keys()]);
    expect([...rates.rate]).toEqual([...settlements.values()].map(Number));
  });

  it("exclude the start and include the end", async () => {
    const market = await marketOf(history(every(8, 10)));
    const rates = await market.fundingRates({ symbol, fromMs: END - 24 * HOUR_MS, toMs: END });
    expect([...rates.timeMs]).toEqual([END - 16 * HOUR_MS, END - 8 * HOUR_MS, END]);
  });

  it("follow an interval that changes", async () => {
    const settlements = new Map([...every(8, 300), ...every(4, 150)]);
    const market = await marketOf(history(settlements));
    const rates = await market.fundingRates({ symbol, fromMs: 0, toMs: END });
    expect([...rates.timeMs]).toEqual([...settlements.keys()].sort((a, b) => a - b));
  });

  it("are refused as a whole when one does not parse", async () => {
    const market = await marketOf(history(new Map([...every(8, 20), [END, "none"]])));
    const error = await errorOf(market.fundingRates({ symbol, fromMs: 0, toMs: END }));
    expect(error.kind).toBe("rejected");
    expect(error.message).toContain("fundingRate");
    expect(error.message).toContain("none");
  });

  it("of an answer outside the range are refused, so that paging cannot go round in circles", async () => {
    const newest = history(every(1, 200))({
      path: "",
      text: "",
      params: new URLSearchParams("startTime=0&endTime=9999999999999&limit=200"),
    });
    const market = await marketOf(() => newest);
    const error = await errorOf(market.fundingRates({ symbol, fromMs: 0, toMs: END }));
    expect(error.kind).toBe("rejected");
    expect(server?.requests).toHaveLength(2);
  });

  it("equal a recorded history", async ({ skip }) => {
    const file = sharedFile("data/bybit/funding_SOLUSDT.csv.gz");
    if (file === null) return skip(NO_RECORDINGS);
    const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n").slice(1);
    const recorded = new Map(lines.map((line) => [Number(line.split(",")[0]), line.split(",")[1] ?? ""]));
    const market = await marketOf(history(recorded));
    const rates = await market.fundingRates({ symbol, fromMs: 0, toMs: Date.UTC(2027, 0) });
    expect(rates.length).toBe(recorded.size);
    expect([...rates.timeMs]).toEqual([...recorded.keys()]);
  });
});
