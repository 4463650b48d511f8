import { describe, expect, it } from "vitest";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { makeCandles } from "#libs/candles/make-candles.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, TIMEFRAMES, timeframeMs } from "#libs/candles/timeframe.ts";
import { type HistoryRequest, loadHistory, makeHistoryLoader } from "#libs/history/history.ts";
import type { CandleRange, MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { effectiveIntervalMs, FRAMES, frameIntervals } from "#libs/strategy/frames.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";

const NOW = Date.UTC(2025, 5, 15, 13, 37);

interface Exchange {
  nowMs: number;
  listedMs: number;
  fail: (range: CandleRange) => Error | null;
}

/** An exchange in memory that remembers what it was asked for. */
function exchangeOf(overrides: Partial<Exchange> = {}) {
  const exchange: Exchange = { nowMs: NOW, listedMs: 0, fail: () => null, ...overrides };
  const asked: CandleRange[] = [];
  const fundingAsked: { symbol: string; fromMs: number; toMs: number }[] = [];
  const market: MarketData = {
    serverTimeMs: async () => exchange.nowMs,
    tickers: async () => [],
    instruments: async () => [],
    async candles(range) {
      asked.push(range);
      const error = exchange.fail(range);
      if (error !== null) throw error;
      return candlesOf(range, exchange);
    },
    async fundingRates(range) {
      fundingAsked.push(range);
      const first = Math.floor(range.fromMs / (8 * HOUR_MS)) + 1;
      const count = Math.floor(range.toMs / (8 * HOUR_MS)) - first + 1;
      const timeMs = Float64Array.from({ length: count }, (_, i) => (first + i) * 8 * HOUR_MS);
      return { timeMs, rate: new Float64Array(count).fill(0.0001), length: count };
    },
  };
  return { exchange, market, asked, fundingAsked };
}

function candlesOf({ intervalMs, fromMs, toMs }: CandleRange, { nowMs, listedMs }: Exchange): Candles {
  const start = Math.ceil(Math.max(fromMs, listedMs) / intervalMs) * intervalMs;
  const end = Math.floor(Math.min(toMs, nowMs) / intervalMs) * intervalMs;
  const times = Array.from(
    { length: Math.max(0, (end - start) / intervalMs) },
    (_, i) => start + i * intervalMs,
  );
  return makeCandles(intervalMs, {
    openTimeMs: times,
    open: times.map((timeMs) => 100 + ((timeMs / MINUTE_MS) % 7)),
    high: times.map(() => 110),
    low: times.map(() => 90),
    close: times.map((timeMs) => 100 + ((timeMs / MINUTE_MS) % 5)),
    volume: times.map(() => 1),
  });
}

function request(overrides: Partial<HistoryRequest> = {}): HistoryRequest {
  return {
    symbol: "SOLUSDT",
    timeframe: "5m",
    fromMs: NOW - 5 * DAY_MS,
    toMs: NOW,
    withBtc: true,
    ...overrides,
  };
}

describe.each(TIMEFRAMES)("a history of %s", (timeframe) => {
  const intervalMs = timeframeMs(timeframe);
  const toMs = Math.floor(NOW / intervalMs) * intervalMs;
  const firstMs = toMs - 100 * intervalMs;
  const asked = request({ timeframe, fromMs: firstMs - 1, toMs: NOW });

  it("has the warm-up, then the range, and the index between them", async () => {
    const { input, firstIndex } = await loadHistory(exchangeOf().market, asked);
    expect(firstIndex).toBe(WARM_UP_CANDLES);
    expect(openTimeMs(input.candles, firstIndex)).toBe(firstMs);
    expect(endMs(input.candles)).toBe(toMs);
    expect(input).toMatchObject({ symbol: "SOLUSDT", timeframe });
  });

  it("has BTC candles of the same times", async () => {
    const { input } = await loadHistory(exchangeOf().market, asked);
    expect(input.btc?.startMs).toBe(input.candles.startMs);
    expect(input.btc?.length).toBe(input.candles.length);
  });

  it("has candles of each longer frame from exactly one lookback before the first candle", async () => {
    const { input } = await loadHistory(exchangeOf().market, asked);
    const longer = frameIntervals(timeframe).filter((frameMs) => frameMs > intervalMs);
    expect([...input.frameCandles.keys()]).toEqual(longer);
    for (const frameMs of longer) {
      const series = input.frameCandles.get(frameMs);
      const frames = FRAMES.filter((frame) => effectiveIntervalMs(frame, timeframe) === frameMs);
      const lookbackMs = Math.max(...frames.map((frame) => frame.lookbackMs));
      expect(series?.startMs).toBe(Math.floor(input.candles.startMs / frameMs) * frameMs - lookbackMs);
      expect(series === undefined ? null : endMs(series)).toBe(Math.floor(toMs / frameMs) * frameMs);
    }
  });

  it("gives all five frames a full window from the first index to the last", async () => {
    const { input, firstIndex } = await loadHistory(exchangeOf().market, asked);
    const study = makeStudy(input);
    for (let i = firstIndex; i < input.candles.length; i++) expect(study.at(i).frameCount()).toBe(5);
  });

  it("knows the last settled funding rate at the first candle", async () => {
    const { input } = await loadHistory(exchangeOf().market, asked);
    expect(input.funding?.timeMs[0]).toBeLessThanOrEqual(input.candles.startMs);
    expect(input.funding?.timeMs.at(-1)).toBe(Math.floor(NOW / (8 * HOUR_MS)) * 8 * HOUR_MS);
  });
});

describe("a history", () => {
  it("begins at the listing of a new symbol, with no warm-up", async () => {
    const listedMs = NOW - DAY_MS - ((NOW - DAY_MS) % (5 * MINUTE_MS));
    const { input, firstIndex } = await loadHistory(exchangeOf({ listedMs }).market, request());
    expect(input.candles.startMs).toBe(listedMs);
    expect(firstIndex).toBe(0);
  });

  it("has a shorter warm-up when the listing lies within it", async () => {
    const fromMs = NOW - 2 * DAY_MS;
    const firstMs = Math.ceil(fromMs / (5 * MINUTE_MS)) * 5 * MINUTE_MS;
    const { market } = exchangeOf({ listedMs: firstMs - 50 * 5 * MINUTE_MS });
    expect((await loadHistory(market, request({ fromMs }))).firstIndex).toBe(50);
  });

  it("of a symbol without candles is empty", async () => {
    const { input, firstIndex } = await loadHistory(exchangeOf({ listedMs: NOW + DAY_MS }).market, request());
    expect([input.candles.length, firstIndex]).toEqual([0, 0]);
  });

  it("of BTCUSDT itself has its own candles as BTC and asks once", async () => {
    const { market, asked } = exchangeOf();
    const { input } = await loadHistory(market, request({ symbol: "BTCUSDT" }));
    expect(input.btc).toBe(input.candles);
    expect(asked.filter((range) => range.intervalMs === 5 * MINUTE_MS)).toHaveLength(1);
  });

  it("has no BTC when none is wanted", async () => {
    const { market, asked } = exchangeOf();
    expect((await loadHistory(market, request({ withBtc: false }))).input.btc).toBeNull();
    expect(asked.every(({ symbol }) => symbol === "SOLUSDT")).toBe(true);
  });

  it("has no BTC on an exchange that does not list it", async () => {
    const unknown = new MarketError("unknown-symbol", "BTCUSDT");
    const { market } = exchangeOf({ fail: ({ symbol }) => (symbol === "BTCUSDT" ? unknown : null) });
    expect((await loadHistory(market, request())).input.btc).toBeNull();
  });

  it("fails when BTC candles fail otherwise", async () => {
    const hole = new MarketError("incomplete", "BTCUSDT has a hole");
    const { market } = exchangeOf({ fail: ({ symbol }) => (symbol === "BTCUSDT" ? hole : null) });
    await expect(loadHistory(market, request())).rejects.toBe(hole);
  });

  it("is tried again when a frame was read before its last candle had closed", async () => {
    const { market, exchange } = exchangeOf({ nowMs: Date.UTC(2025, 5, 15, 12) - 1 });
    const late: MarketData = {
      ...market,
      async candles(range) {
        // The symbol's own candles are answered after noon on the exchange's clock, the frames before it.
        const nowMs = range.intervalMs === 5 * MINUTE_MS ? exchange.nowMs + 1 : exchange.nowMs;
        return candlesOf(range, { ...exchange, nowMs });
      },
    };
    const toMs = Date.UTC(2025, 5, 15, 12);
    await expect(loadHistory(late, request({ toMs }))).rejects.toMatchObject({ kind: "retryable" });
  });
});

describe("the loader's cache", () => {
  it("loads the BTC candles of a scan once", async () => {
    const { market, asked } = exchangeOf();
    const loader = makeHistoryLoader(market);
    await Promise.all(["AUSDT", "BUSDT", "CUSDT"].map((symbol) => loader.load(request({ symbol }))));
    await loader.load(request({ symbol: "DUSDT" }));
    expect(asked.filter(({ symbol }) => symbol === "BTCUSDT")).toHaveLength(1);
    expect(asked.filter(({ symbol }) => symbol === "AUSDT")).toHaveLength(5);
  });

  it("tells symbols, timeframes and ranges apart", async () => {
    const { market } = exchangeOf();
    const loader = makeHistoryLoader(market);
    const requests = [
      request(),
      request({ symbol: "AUSDT" }),
      request({ timeframe: "15m" }),
      request({ fromMs: NOW - 6 * DAY_MS }),
      request({ toMs: NOW - HOUR_MS }),
    ];
    for (const one of [...requests, ...requests]) {
      const cached = await loader.load(one);
      const direct = await loadHistory(market, one);
      expect(cached.firstIndex).toBe(direct.firstIndex);
      expect(cached.input.candles).toEqual(direct.input.candles);
      expect(cached.input.btc).toEqual(direct.input.btc);
      expect(cached.input.frameCandles).toEqual(direct.input.frameCandles);
      expect(cached.input.funding).toEqual(direct.input.funding);
    }
  });

  it("asks a minute later for the one series in which a candle has closed, and for the next in its time", async () => {
    const minute = Date.UTC(2025, 5, 15, 13, 36);
    const { market, asked, fundingAsked, exchange } = exchangeOf({ nowMs: minute });
    const loader = makeHistoryLoader(market);
    const at = (nowMs: number) => {
      exchange.nowMs = nowMs;
      asked.length = 0;
      fundingAsked.length = 0;
      return loader.load(request({ timeframe: "1m", fromMs: nowMs - 1_000 * MINUTE_MS, toMs: nowMs }));
    };
    await at(minute);
    expect(asked).toHaveLength(7);
    await at(minute + MINUTE_MS);
    expect(asked.map(({ symbol, intervalMs }) => [symbol, intervalMs])).toEqual([
      ["SOLUSDT", MINUTE_MS],
      ["BTCUSDT", MINUTE_MS],
    ]);
    expect(fundingAsked).toHaveLength(0);
  });

  it("does not trust an hour's funding in its first minutes, when its settlement may not be listed", async () => {
    const { market, fundingAsked } = exchangeOf({ nowMs: NOW });
    const loader = makeHistoryLoader(market);
    const hour = Date.UTC(2025, 5, 15, 12);
    for (const minutes of [0, 1, 5, 6, 59]) {
      const toMs = hour + minutes * MINUTE_MS;
      // The start of the window counts too; here it is the same hour for all.
      await loader.load(request({ timeframe: "1m", fromMs: hour - DAY_MS, toMs }));
    }
    expect(fundingAsked.map(({ toMs }) => Math.floor((toMs - hour) / MINUTE_MS))).toEqual([0, 1, 5]);
  });

  it("has the settlement that is stamped a few milliseconds after the window's end", async () => {
    const hour = Date.UTC(2025, 5, 15, 16);
    const { market } = exchangeOf({ nowMs: hour + MINUTE_MS });
    const late = 3;
    const loader = makeHistoryLoader({
      ...market,
      async fundingRates({ fromMs, toMs }) {
        const times = [hour - 8 * HOUR_MS, hour + late].filter((ms) => ms > fromMs && ms <= toMs);
        return {
          length: times.length,
          timeMs: Float64Array.from(times),
          rate: Float64Array.from(times, () => 0.0001),
        };
      },
    });
    const { input } = await loader.load(request({ timeframe: "1m", fromMs: hour - DAY_MS, toMs: hour }));
    expect(input.funding?.timeMs.at(-1)).toBe(hour + late);
    expect(endMs(input.candles)).toBe(hour);
  });

  it("does not keep a failure", async () => {
    const { market, exchange } = exchangeOf({ fail: () => new MarketError("retryable", "busy") });
    const loader = makeHistoryLoader(market);
    await expect(loader.load(request())).rejects.toThrow("busy");
    exchange.fail = () => null;
    expect((await loader.load(request())).input.candles.length).toBeGreaterThan(0);
  });

  it("does not keep candles that end before the range because the exchange's clock is behind", async () => {
    const { market, exchange } = exchangeOf({ nowMs: NOW - 10 * MINUTE_MS });
    const loader = makeHistoryLoader(market);
    const before = await loader.load(request());
    exchange.nowMs = NOW;
    const after = await loader.load(request());
    expect(endMs(after.input.candles) - endMs(before.input.candles)).toBe(10 * MINUTE_MS);
  });

  it("forgets what was not used for longest when it is full", async () => {
    const { market, asked } = exchangeOf();
    const one = await loadHistory(market, request({ withBtc: false }));
    const candles = [one.input.candles, ...one.input.frameCandles.values()].reduce(
      (sum, c) => sum + c.length,
      0,
    );
    asked.length = 0;
    const loader = makeHistoryLoader(market, { cacheSize: 2 * candles + 100 });
    const load = (symbol: string) => loader.load(request({ symbol, withBtc: false }));
    for (const symbol of ["AUSDT", "BUSDT", "AUSDT", "CUSDT", "AUSDT"]) await load(symbol);
    expect(asked.filter(({ symbol }) => symbol === "AUSDT")).toHaveLength(5);
    await load("BUSDT");
    expect(asked.filter(({ symbol }) => symbol === "BUSDT")).toHaveLength(10);
  });
});
