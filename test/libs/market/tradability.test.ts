import { describe, expect, it } from "vitest";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import type { Instrument } from "#libs/market/market-data.ts";
import { tradability } from "#libs/market/tradability.ts";

const NOW = Date.UTC(2026, 0, 10);
const rules = { minListingDays: 30 };

function instrument(overrides: Partial<Instrument> = {}): Instrument {
  return {
    symbol: "SOLUSDT",
    baseCoin: "SOL",
    quoteCoin: "USDT",
    contractType: "LinearPerpetual",
    symbolType: "",
    status: "Trading",
    launchTimeMs: NOW - 400 * DAY_MS,
    deliveryTimeMs: null,
    tickSize: "0.010",
    qtyStep: "0.1",
    minNotionalValue: 5,
    fundingIntervalMinutes: 480,
    ...overrides,
  };
}

describe("tradability", () => {
  it.each<[string, Partial<Instrument>]>([
    ["of the main board", {}],
    ["of the innovation zone", { symbolType: "innovation" }],
    ["listed for exactly the days that are asked for", { launchTimeMs: NOW - 30 * DAY_MS }],
  ])("takes a crypto perpetual %s", (_, overrides) => {
    expect(tradability(instrument(overrides), NOW, rules)).toEqual({ kind: "tradable" });
  });

  it.each<[Partial<Instrument>, string]>([
    [{ contractType: "LinearFutures" }, "LinearFutures"],
    [{ contractType: "InversePerpetual" }, "InversePerpetual"],
    [{ quoteCoin: "USDC" }, "USDC"],
    [{ quoteCoin: "" }, "(empty)"],
    [{ symbolType: "stock" }, "stock"],
    [{ symbolType: "forex" }, "forex"],
    [{ symbolType: "commodity" }, "commodity"],
    [{ symbolType: "etf" }, "etf"],
    [{ symbolType: "xstocks" }, "xstocks"],
    [{ symbolType: "something-of-next-year" }, "something-of-next-year"],
    [{ status: "PreLaunch" }, "PreLaunch"],
    [{ status: "Delivering" }, "Delivering"],
    [{ status: "Closed" }, "Closed"],
    [{ deliveryTimeMs: Date.UTC(2026, 0, 12) }, "2026-01-12"],
    [{ launchTimeMs: NOW - 29.5 * DAY_MS }, "29.5 days"],
    [{ launchTimeMs: NOW + DAY_MS }, "0.0 days"],
  ])("refuses %o and names it", (overrides, named) => {
    const verdict = tradability(instrument(overrides), NOW, rules);
    expect(verdict.kind).toBe("refused");
    expect(verdict.kind === "refused" ? verdict.reason : "").toContain(named);
  });
});
