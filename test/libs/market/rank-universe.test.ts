import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instrument, Ticker } from "#libs/market/market-data.ts";
import { rankUniverse, type ScanFilters, volatility24h } from "#libs/market/rank-universe.ts";

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const FILTERS: ScanFilters = {
  topNCoins: 2,
  minVolatility: 1,
  maxVolatility: 50,
  minTurnover24h: 1_000_000,
  minListingDays: 30,
};

function ticker(overrides: Partial<Ticker> = {}): Ticker {
  return {
    symbol: "AAAUSDT",
    lastPrice: 105,
    highPrice24h: 110,
    lowPrice24h: 100,
    priceChange24h: 2,
    turnover24h: 5_000_000,
    fundingRate: 0.0001,
    ...overrides,
  };
}

function instrument(overrides: Partial<Instrument> = {}): Instrument {
  return {
    symbol: "AAAUSDT",
    baseCoin: "AAA",
    quoteCoin: "USDT",
    contractType: "LinearPerpetual",
    symbolType: "",
    status: "Trading",
    launchTimeMs: Date.UTC(2023, 0, 1),
    deliveryTimeMs: null,
    tickSize: "0.01",
    qtyStep: "0.1",
    minNotionalValue: 5,
    fundingIntervalMinutes: 480,
    ...overrides,
  };
}

function coin(symbol: string, volatilityPercent: number, overrides: Partial<Ticker> = {}) {
  return {
    ticker: ticker({ symbol, lowPrice24h: 100, highPrice24h: 100 + volatilityPercent, ...overrides }),
    instrument: instrument({ symbol }),
  };
}

function rank(coins: readonly { ticker: Ticker; instrument: Instrument }[], filters = FILTERS) {
  return rankUniverse(
    coins.map((one) => one.ticker),
    coins.map((one) => one.instrument),
    filters,
    NOW_MS,
  );
}

describe("the scanner's ranking", () => {
  it("measures volatility from the low to the high of 24 hours", () => {
    expect(volatility24h(ticker({ lowPrice24h: 80, highPrice24h: 100 }))).toBeCloseTo(25, 10);
    expect(volatility24h(ticker({ lowPrice24h: 0 }))).toBeNull();
  });

  it("takes the most volatile first and says why the next ones are not taken", () => {
    const universe = rank([coin("LOWUSDT", 3), coin("TOPUSDT", 20), coin("MIDUSDT", 10)]);
    expect(universe.map(({ symbol, rank: place, taken }) => [symbol, place, taken])).toEqual([
      ["TOPUSDT", 1, true],
      ["MIDUSDT", 2, true],
      ["LOWUSDT", 3, false],
    ]);
    expect(universe[2]?.reason).toBe("rank 3 is not among the first 2");
  });

  it.each([
    ["a thin market", ticker({ turnover24h: 999_999 }), instrument(), /turnover \$999999 is below/],
    ["a calm one", ticker({ highPrice24h: 100.5 }), instrument(), /volatility 0.50 % is below 1 %/],
    ["a wild one", ticker({ highPrice24h: 160 }), instrument(), /volatility 60.00 % is above 50 %/],
    ["one without a price", ticker({ lastPrice: 0 }), instrument(), /no usable last price/],
    [
      "one without a range",
      ticker({ highPrice24h: 0, lowPrice24h: 0 }),
      instrument(),
      /no usable 24 h range/,
    ],
    ["a stock", ticker(), instrument({ symbolType: "stock" }), /stock/],
    ["a dated future", ticker(), instrument({ contractType: "LinearFutures" }), /LinearFutures/],
    ["another quote", ticker(), instrument({ quoteCoin: "USDC" }), /USDC/],
    ["a closed one", ticker(), instrument({ status: "Closed" }), /Closed/],
    ["one being delisted", ticker(), instrument({ deliveryTimeMs: NOW_MS + 1 }), /delist/],
    ["a new one", ticker(), instrument({ launchTimeMs: NOW_MS - 86_400_000 }), /30/],
    [
      "one without an instrument",
      ticker({ symbol: "GHOSTUSDT" }),
      instrument(),
      /not in the exchange.s list/,
    ],
  ])("refuses %s with the reason", (_, row, contract, reason) => {
    const [entry] = rankUniverse([row], [contract], FILTERS, NOW_MS);
    expect(entry).toMatchObject({ taken: false, rank: null, reason: expect.stringMatching(reason) });
  });

  it("gives the same ranking whatever the order of the exchange's answer, and loses no symbol", () => {
    const coins = ["A", "B", "C", "D", "E"].map((name, i) => coin(`${name}USDT`, [5, 5, 9, 0.1, 5][i] ?? 0));
    const expected = rank(coins);
    fc.assert(
      fc.property(fc.shuffledSubarray(coins, { minLength: coins.length }), (shuffled) => {
        expect(rank(shuffled)).toEqual(expected);
      }),
    );
    expect(expected).toHaveLength(coins.length);
  });
});
