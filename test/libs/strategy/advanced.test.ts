import { describe, expect, it } from "vitest";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import type { FundingSentiment } from "#libs/strategy/indicators/funding.ts";
import type { TrendDirection } from "#libs/strategy/indicators/trend.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";
import { withDefaults } from "#libs/strategy/strategy.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

interface Circumstances {
  /** Percent; by default what fits the coin's trend. */
  readonly change: number;
  readonly coin: TrendDirection;
  readonly btc: TrendDirection;
  readonly btcStrength: number;
  readonly funding: FundingSentiment;
  readonly rsi: number;
  readonly percentB: number;
  readonly support: number;
  readonly resistance: number;
  readonly frames: number;
}

/** A view whose answers are given; all others are those of a made market. */
function viewOf(given: Partial<Circumstances>): MarketView {
  const now: Circumstances = {
    change: { UP: 1, DOWN: -1, SIDEWAYS: 0 }[given.coin ?? "SIDEWAYS"],
    coin: "SIDEWAYS",
    btc: "SIDEWAYS",
    btcStrength: 50,
    funding: "NEUTRAL",
    rsi: 50,
    percentB: 0.5,
    support: Infinity,
    resistance: Infinity,
    frames: 5,
    ...given,
  };
  const answers: Partial<MarketView> = {
    changePercent: () => now.change,
    coinTrend: () => now.coin,
    btcTrend: () => now.btc,
    btcTrends: (direction) => now.btc === direction,
    btcTrendStrength: () => now.btcStrength,
    fundingSentiment: () => now.funding,
    rsi: () => now.rsi,
    percentB: () => now.percentB,
    supportDistancePercent: () => now.support,
    resistanceDistancePercent: () => now.resistance,
    frameCount: () => now.frames,
  };
  return { ...quietView, ...answers };
}
const quietView: MarketView = makeStudy(madeInput({ length: 400 })).at(70);

function decided(given: Partial<Circumstances>): string {
  const decision = ADVANCED.decide(viewOf(given), ADVANCED.defaults);
  return decision.kind === "signal" ? `${decision.side} ${decision.confidence}` : "none";
}

describe("ADVANCED", () => {
  it.each<[string, Partial<Circumstances>]>([
    ["SHORT 85", { coin: "DOWN", btc: "DOWN", rsi: 51 }],
    ["none", { coin: "DOWN", btc: "DOWN", rsi: 50 }],
    ["SHORT 80", { coin: "DOWN", funding: "LONG_HEAVY", rsi: 50 }],
    ["SHORT 100", { coin: "DOWN", btc: "DOWN", funding: "LONG_HEAVY", rsi: 51 }],
    ["none", { coin: "DOWN", btc: "DOWN", funding: "SHORT_HEAVY", rsi: 51 }],
    ["none", { coin: "DOWN", funding: "LONG_HEAVY", support: 1 }],
    ["SHORT 80", { coin: "DOWN", funding: "LONG_HEAVY", support: 1.01 }],
    ["none", { coin: "DOWN", funding: "LONG_HEAVY", btc: "UP", btcStrength: 60.1 }],
    ["SHORT 80", { coin: "DOWN", funding: "LONG_HEAVY", btc: "UP", btcStrength: 60 }],
    ["none", { coin: "DOWN", funding: "LONG_HEAVY", rsi: 29.9 }],
    ["SHORT 80", { coin: "DOWN", funding: "LONG_HEAVY", rsi: 30 }],
    ["SHORT 80", { coin: "DOWN", funding: "LONG_HEAVY", frames: 2 }],
    ["none", { coin: "DOWN", funding: "LONG_HEAVY", frames: 1 }],
  ])("scenario A: %s", (expected, given) => {
    expect(decided(given)).toBe(expected);
  });

  it.each<[string, Partial<Circumstances>]>([
    ["LONG 85", { coin: "UP", btc: "UP", rsi: 49 }],
    ["none", { coin: "UP", btc: "UP", rsi: 50 }],
    ["LONG 80", { coin: "UP", funding: "SHORT_HEAVY" }],
    ["none", { coin: "UP", funding: "SHORT_HEAVY", resistance: 1 }],
    ["none", { coin: "UP", funding: "SHORT_HEAVY", btc: "DOWN", btcStrength: 61 }],
    ["LONG 80", { coin: "UP", funding: "SHORT_HEAVY", rsi: 70 }],
    ["none", { coin: "UP", funding: "SHORT_HEAVY", rsi: 70.1 }],
  ])("scenario B: %s", (expected, given) => {
    expect(decided(given)).toBe(expected);
  });

  it.each<[string, Partial<Circumstances>]>([
    ["LONG 90", { support: 1, rsi: 35, percentB: 0.2, btc: "UP" }],
    ["LONG 90", { support: 0.5, rsi: 30, percentB: 0.1, funding: "SHORT_HEAVY" }],
    ["LONG 100", { support: 0.5, rsi: 30, percentB: 0.1, funding: "SHORT_HEAVY", btc: "UP" }],
    ["LONG 90", { support: 0.5, rsi: 30, percentB: 0.1, btc: "UP", frames: 2 }],
    ["none", { support: 0.5, rsi: 30, percentB: 0.1, btc: "UP", frames: 1 }],
    ["none", { support: 0.5, rsi: 30, percentB: 0.1 }],
    ["none", { support: 1.01, rsi: 30, percentB: 0.1, btc: "UP" }],
    ["none", { support: 0.5, rsi: 35.1, percentB: 0.1, btc: "UP" }],
    ["none", { support: 0.5, rsi: 30, percentB: 0.21, btc: "UP" }],
    ["none", { support: 0.5, rsi: 30, percentB: Number.NaN, btc: "UP" }],
    ["none", { support: 0.5, rsi: 30, percentB: 0.1, funding: "SHORT_HEAVY", btc: "DOWN", btcStrength: 71 }],
  ])("scenario C: %s", (expected, given) => {
    expect(decided(given)).toBe(expected);
  });

  it.each<[string, Partial<Circumstances>]>([
    ["SHORT 90", { resistance: 1, rsi: 65, percentB: 0.8, btc: "DOWN" }],
    ["SHORT 90", { resistance: 0.5, rsi: 70, percentB: 0.9, funding: "LONG_HEAVY" }],
    ["none", { resistance: 0.5, rsi: 70, percentB: 0.79, btc: "DOWN" }],
    ["none", { resistance: 0.5, rsi: 64.9, percentB: 0.9, btc: "DOWN" }],
    ["none", { resistance: 0.5, rsi: 70, percentB: 0.9, funding: "LONG_HEAVY", btc: "UP", btcStrength: 71 }],
  ])("scenario D: %s", (expected, given) => {
    expect(decided(given)).toBe(expected);
  });

  it("looks for a trend beyond the threshold only", () => {
    const down = { coin: "DOWN", funding: "LONG_HEAVY" } as const;
    const up = { coin: "UP", funding: "SHORT_HEAVY" } as const;
    expect([-0.51, -0.5, 0.3, Number.NaN].map((change) => decided({ ...down, change }))).toEqual([
      "SHORT 80",
      "none",
      "none",
      "none",
    ]);
    expect([0.51, 0.5, -0.3, Number.NaN].map((change) => decided({ ...up, change }))).toEqual([
      "LONG 80",
      "none",
      "none",
      "none",
    ]);
  });

  it("does not trade with a change that the averages do not confirm", () => {
    expect(decided({ change: -1, funding: "LONG_HEAVY" })).toBe("none");
    expect(decided({ change: 1, funding: "SHORT_HEAVY" })).toBe("none");
    expect(decided({ change: 1, coin: "DOWN", funding: "SHORT_HEAVY" })).toBe("none");
  });

  it("signals at a score that reaches its threshold exactly", () => {
    const exact = withDefaults(ADVANCED, { trend: { base: 50 }, reversal: { base: 70 } });
    const side = (given: Partial<Circumstances>) => {
      const decision = ADVANCED.decide(viewOf(given), exact);
      return decision.kind === "signal" ? `${decision.side} ${decision.confidence}` : "none";
    };
    expect(side({ coin: "DOWN", btc: "DOWN", rsi: 51 })).toBe("SHORT 80");
    expect(side({ coin: "DOWN", btc: "SIDEWAYS", rsi: 51 })).toBe("none");
    expect(side({ support: 0.5, rsi: 30, percentB: 0.1, btc: "UP" })).toBe("LONG 85");
  });

  it("buys a reversal before it sells one, where parameters allow both", () => {
    const both = withDefaults(ADVANCED, {
      reversal: { base: 90, rsiLow: 60, rsiHigh: 40, percentBLow: 1, percentBHigh: 0 },
    });
    const view = (given: Partial<Circumstances>) => ADVANCED.decide(viewOf({ rsi: 50, ...given }), both);
    expect(view({ support: 0.5, resistance: 0.5 })).toMatchObject({ side: "LONG" });
    expect(view({ resistance: 0.5 })).toMatchObject({ side: "SHORT" });
  });

  it("says what it saw", () => {
    const reasons = (given: Partial<Circumstances>) => {
      const decision = ADVANCED.decide(viewOf(given), ADVANCED.defaults);
      return decision.kind === "signal" ? decision.reasons : [];
    };
    expect(reasons({ coin: "UP", btc: "UP", rsi: 49, resistance: 2.345 })).toEqual([
      "coin trend UP (1.00 %)",
      "resistance 2.35 % away",
      "BTC UP",
      "5 Fibonacci frames",
    ]);
    expect(reasons({ coin: "DOWN", funding: "LONG_HEAVY" })).toEqual([
      "coin trend DOWN (-1.00 %)",
      "support none",
      "BTC SIDEWAYS",
      "5 Fibonacci frames",
      "funding LONG_HEAVY",
    ]);
    expect(reasons({ support: 0.5, rsi: 30, percentB: 0.1, btc: "UP" }).slice(0, 2)).toEqual([
      "support zone 0.50 % away",
      "RSI 30.0, percentB 0.10",
    ]);
    expect(reasons({ resistance: 0.5, rsi: 70, percentB: 0.9, btc: "DOWN" })[0]).toBe(
      "resistance zone 0.50 % away",
    );
  });

  it("takes thresholds from its parameters, and refuses those it does not have", () => {
    const strict = withDefaults(ADVANCED, { trend: { threshold: 90 } });
    expect(ADVANCED.decide(viewOf({ coin: "DOWN", btc: "DOWN", rsi: 51 }), strict).kind).toBe("none");
    expect(() => withDefaults(ADVANCED, { trend: { treshold: 90 } })).toThrow(/treshold/);
    expect(() => withDefaults(ADVANCED, { minimumFrames: Number.NaN })).toThrow(RangeError);
  });
});
