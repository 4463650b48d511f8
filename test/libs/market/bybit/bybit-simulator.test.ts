import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endMs } from "#libs/candles/candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import type { FaultKind } from "#libs/simulator/faults.ts";
import { type ExchangeSimulator, startExchangeSimulator } from "#libs/simulator/server.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";

/** In the middle of a minute, so that a candle is running. */
const NOW = Math.floor(DEFAULT_START_MS / MINUTE_MS) * MINUTE_MS + 30_000;
const range = {
  symbol: "BTCUSDT",
  intervalMs: MINUTE_MS,
  fromMs: NOW - 3_500 * MINUTE_MS,
  toMs: NOW + 10 * MINUTE_MS,
};

let simulator: ExchangeSimulator;
beforeAll(async () => {
  simulator = await startExchangeSimulator({ source: syntheticExchange(), clock: simulatedClock(NOW, 0) });
});
afterAll(() => simulator.close());

function market() {
  return makeBybitMarketData({
    baseUrl: simulator.url,
    requestsPerSecond: 10_000,
    retryDelaysMs: [1, 1, 1, 1],
    refetchDelaysMs: [1, 1, 1, 1],
    timeoutMs: 1_500,
  });
}

describe("on the simulated exchange", () => {
  const passing: FaultKind[] = [
    "traffic-limit",
    "server-error-code",
    "http-500",
    "slow",
    "dropped",
    "cut",
    "garbage",
    "html",
    "hole",
    "duplicate",
    "running-candle",
  ];
  it.each(passing)("candles are the same after the fault %s", async (kind) => {
    simulator.setFaults({ faults: [] });
    const expected = await market().candles(range);
    expect(endMs(expected)).toBe(NOW - 30_000);
    expect(expected.length).toBe(3_499);

    simulator.setFaults({ faults: [{ kind, path: "kline", after: 1, times: 2, delayMs: 4_000 }] });
    const before = simulator.requests().faults;
    const candles = await market().candles(range);
    expect(simulator.requests().faults).toBe(before + 2);
    expect(candles).toEqual(expected);
  });

  it("a hole that stays is an error", async () => {
    simulator.setFaults({ faults: [{ kind: "hole", path: "kline" }] });
    await expect(market().candles(range)).rejects.toMatchObject({ kind: "incomplete" });
  });

  it("a ban stops everything", async () => {
    simulator.setFaults({ faults: [{ kind: "banned", times: 1 }] });
    const one = market();
    await expect(one.tickers()).rejects.toMatchObject({ kind: "banned" });
    await expect(one.serverTimeMs()).rejects.toMatchObject({ kind: "banned" });
  });

  it("tickers and instruments name the same symbols, and funding is there", async () => {
    simulator.setFaults({ faults: [] });
    const one = market();
    const [tickers, instruments] = await Promise.all([one.tickers(), one.instruments()]);
    expect(tickers.map(({ symbol }) => symbol).sort()).toEqual(
      instruments.map(({ symbol }) => symbol).sort(),
    );
    const rates = await one.fundingRates({ symbol: "BTCUSDT", fromMs: NOW - 90 * 86_400_000, toMs: NOW });
    expect(rates.length).toBeGreaterThan(200);
  });
});
