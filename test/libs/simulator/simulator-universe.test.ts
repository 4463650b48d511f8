import { describe, expect, it } from "vitest";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import { tradability } from "#libs/market/tradability.ts";
import type { Listing } from "#libs/simulator/source.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";

const NOW = DEFAULT_START_MS;
const LONGEST_HISTORY_DAYS = 125;
/** Moments at which the universe must have everything: years apart, in any week. */
const MOMENTS = [NOW, NOW + 3.3 * DAY_MS, NOW + 100 * DAY_MS, Date.UTC(2027, 6, 4, 3), Date.UTC(2030, 1, 1)];

const exchange = syntheticExchange();

function isTradable(listing: Listing, nowMs: number): boolean {
  const instrument = { ...listing, tickSize: "", qtyStep: "", minNotionalValue: null };
  return tradability(instrument, nowMs, { minListingDays: 30 }).kind === "tradable";
}

describe("the synthetic universe", () => {
  it.each(MOMENTS)("has 60 tradable coins with a long history at %d", (nowMs) => {
    const turnoverOf = (symbol: string) => exchange.dayStatistics(symbol, nowMs)?.turnover ?? 0;
    const tradable = exchange
      .listings(nowMs)
      .filter((listing) => isTradable(listing, nowMs) && turnoverOf(listing.symbol) >= 5e6 * 1e4);
    expect(tradable.length).toBeGreaterThanOrEqual(60);
    for (const { launchTimeMs } of tradable) {
      expect(nowMs - launchTimeMs).toBeGreaterThan(LONGEST_HISTORY_DAYS * DAY_MS);
    }
  });

  it.each(MOMENTS)("has one of everything that a scanner must refuse at %d", (nowMs) => {
    const all = exchange.listings(nowMs);
    const count = (fits: (listing: Listing) => boolean) => all.filter(fits).length;
    for (const type of ["stock", "forex", "commodity"]) {
      expect(count(({ symbolType }) => symbolType === type)).toBeGreaterThan(0);
    }
    expect(count(({ contractType }) => contractType === "LinearFutures")).toBe(4);
    expect(count(({ quoteCoin }) => quoteCoin === "USDC")).toBe(2);
    const perpetuals = all.filter(({ contractType }) => contractType === "LinearPerpetual");
    expect(perpetuals.filter(({ launchTimeMs }) => nowMs - launchTimeMs < 14 * DAY_MS)).toHaveLength(2);
    expect(perpetuals.filter(({ deliveryTimeMs }) => deliveryTimeMs !== null)).toHaveLength(1);
    const thin = all.filter(({ symbol }) => {
      const turnover = exchange.dayStatistics(symbol, nowMs)?.turnover ?? 0;
      return turnover > 0 && turnover < 1e6 * 1e4;
    });
    expect(thin.length).toBeGreaterThanOrEqual(3);
    expect(exchange.dayStatistics("STALLEDUSDT", nowMs)).toMatchObject({ turnover: 0, volume: 0 });
  });

  it("lists a new contract for three weeks, announces its end a week before and then forgets it", () => {
    const fresh = exchange.listings(NOW).filter(({ launchTimeMs }) => NOW - launchTimeMs < 7 * DAY_MS);
    const [listing] = fresh;
    if (listing === undefined) throw new Error("no fresh listing");
    const aged = (days: number) => exchange.listing(listing.symbol, listing.launchTimeMs + days * DAY_MS);
    const deliveryTimeMs = listing.launchTimeMs + 21 * DAY_MS;
    expect(exchange.listing(listing.symbol, listing.launchTimeMs - 1)).toBeNull();
    expect(aged(0)).toMatchObject({ status: "Trading", deliveryTimeMs: null });
    expect(aged(15)).toMatchObject({ status: "Trading", deliveryTimeMs });
    expect(aged(20.5)).toMatchObject({ status: "Delivering", deliveryTimeMs });
    expect(aged(21)).toBeNull();
  });

  it("has prices from 0.00001 to 100,000 with ticks fine enough to trade", () => {
    const prices = exchange.listings(NOW).flatMap(({ symbol, priceDecimals, tickUnits }) => {
      const last = exchange.dayStatistics(symbol, NOW)?.last ?? 0;
      expect(last / tickUnits).toBeGreaterThan(2_000);
      return [last / 10 ** priceDecimals];
    });
    expect(Math.min(...prices)).toBeLessThan(0.0001);
    expect(Math.max(...prices)).toBeGreaterThan(50_000);
  });

  it("stays within sane prices for years", () => {
    for (const symbol of ["BTCUSDT", "SUIUSDT", "ORBIXUSDT", "GOBLYNUSDT", "TESSRAUSDT"]) {
      const intervalMs = DAY_MS;
      const page = exchange.candles({
        symbol,
        intervalMs,
        fromMs: NOW - 2 * 365 * DAY_MS,
        toMs: NOW,
        nowMs: NOW,
      });
      const highest = Math.max(...page.high.subarray(0, page.length));
      const lowest = Math.min(...page.low.subarray(0, page.length));
      expect(highest / lowest, symbol).toBeLessThan(100);
    }
  });

  it("is sorted by symbol and names each once", () => {
    const symbols = exchange.listings(NOW).map(({ symbol }) => symbol);
    expect(symbols).toEqual([...new Set(symbols)].sort());
  });
});
