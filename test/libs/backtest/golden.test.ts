import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import { backtestJson } from "#services/cli/backtest/backtest-json.ts";
import { type RecordedMarket, recordedInput } from "#test/support/factories/recorded-candles.ts";
import { NO_RECORDINGS, sharedFile } from "#test/support/shared-data.ts";

const CASES: readonly (RecordedMarket & { readonly name: string })[] = [
  {
    name: "BTCUSDT_1m",
    symbol: "BTCUSDT",
    timeframe: "1m",
    candles: "BTCUSDT_1",
    btc: null,
    funding: "BTCUSDT",
  },
  {
    name: "ETHUSDT_3m",
    symbol: "ETHUSDT",
    timeframe: "3m",
    candles: "ETHUSDT_1",
    btc: "BTCUSDT_1",
    funding: "ETHUSDT",
  },
  {
    name: "SOLUSDT_5m",
    symbol: "SOLUSDT",
    timeframe: "5m",
    candles: "SOLUSDT_1",
    btc: "BTCUSDT_1",
    funding: "SOLUSDT",
  },
  {
    name: "DOGEUSDT_15m",
    symbol: "DOGEUSDT",
    timeframe: "15m",
    candles: "DOGEUSDT_1",
    btc: "BTCUSDT_1",
    funding: null,
  },
  {
    name: "ADAUSDT_30m_without_btc",
    symbol: "ADAUSDT",
    timeframe: "30m",
    candles: "ADAUSDT_1",
    btc: null,
    funding: null,
  },
  {
    name: "SOLUSDT_15m_two_years",
    symbol: "SOLUSDT",
    timeframe: "15m",
    candles: "SOLUSDT_15",
    btc: "BTCUSDT_15",
    funding: "SOLUSDT",
  },
];

/** Every number is equal to a relative 1e-9, everything else exactly. */
function expectSame(found: unknown, expected: unknown, path: string): void {
  if (typeof expected === "number" && typeof found === "number") {
    const tolerance = 1e-9 * Math.max(Math.abs(expected), Math.abs(found)) + 1e-12;
    if (!(Math.abs(found - expected) <= tolerance)) expect.fail(`${path}: ${found}, expected ${expected}`);
  } else if (typeof expected === "object" && expected !== null) {
    const entries = Object.entries(expected);
    expect(Object.keys(Object(found)).sort(), path).toEqual(entries.map(([key]) => key).sort());
    const values = new Map<string, unknown>(Object.entries(Object(found)));
    for (const [key, value] of entries) expectSame(values.get(key), value, `${path}.${key}`);
  } else {
    expect(found, path).toBe(expected);
  }
}

describe("recorded markets", () => {
  for (const { name, ...market } of CASES) {
    const file = sharedFile(`golden/${name}.json.gz`);
    it.skipIf(file === null)(`${name} is reproduced trade by trade (${NO_RECORDINGS})`, async () => {
      if (file === null) return;
      const input = await recordedInput({
        ...market,
        candles: `candles/BYBIT_${market.candles}.csv.gz`,
        btc: market.btc === null ? null : `candles/BYBIT_${market.btc}.csv.gz`,
        funding: market.funding === null ? null : `bybit/funding_${market.funding}.csv.gz`,
      });
      const expected: unknown = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8"));
      expectSame(backtestJson(market, backtest(input)), expected, name);
    });
  }
});
