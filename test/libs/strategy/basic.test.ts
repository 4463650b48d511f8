import { describe, expect, it } from "vitest";
import { BASIC } from "#libs/strategy/basic.ts";
import type { TrendDirection } from "#libs/strategy/indicators/trend.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

interface Circumstances {
  readonly change: number;
  readonly ma5: number;
  readonly ma20: number;
  readonly bullish: boolean;
  readonly bearish: boolean;
  readonly close: number;
  readonly width: number;
  readonly btc: TrendDirection;
  readonly btcStrength: number;
  readonly rsi: number;
  readonly rsiBefore: number;
  readonly nearFrames: number;
}

const quietView: MarketView = makeStudy(madeInput({ length: 400 })).at(70);

/** A view whose answers are given: a band from 100 to 110, and a close of 100 unless it is another. */
function viewOf(now: Circumstances): MarketView {
  const answers: Partial<MarketView> = {
    changePercent: () => now.change,
    ma5: () => now.ma5,
    ma20: () => now.ma20,
    isBullishCandle: () => now.bullish,
    isBearishCandle: () => now.bearish,
    close: () => now.close,
    bandLower: () => 100,
    bandUpper: () => 110,
    bandWidthPercent: () => now.width,
    btcTrend: () => now.btc,
    btcTrends: (direction) => now.btc === direction,
    btcTrendStrength: () => now.btcStrength,
    rsi: (back = 0) => (back === 0 ? now.rsi : now.rsiBefore),
    framesNearLevel: () => now.nearFrames,
  };
  return { ...quietView, ...answers };
}

const LONG: Circumstances = {
  change: 0.6,
  ma5: 101,
  ma20: 100,
  bullish: true,
  bearish: false,
  close: 100,
  width: 2,
  btc: "SIDEWAYS",
  btcStrength: 90,
  rsi: 50,
  rsiBefore: 50,
  nearFrames: 1,
};
const SHORT: Circumstances = {
  ...LONG,
  change: -0.6,
  ma5: 99,
  bullish: false,
  bearish: true,
  close: 110,
};

function decided(now: Circumstances): string {
  const decision = BASIC.decide(viewOf(now), BASIC.defaults);
  return decision.kind === "signal" ? `${decision.side} ${decision.confidence}` : "none";
}

describe("BASIC", () => {
  it.each<[string, Partial<Circumstances>]>([
    ["LONG 65", {}],
    ["none", { change: 0.5 }],
    ["none", { change: 0.5, rsi: 30, rsiBefore: 29 }],
    ["none", { bullish: false }],
    ["none", { bullish: false, bearish: true }],
    ["none", { ma5: 100 }],
    ["none", { ma5: 99 }],
    ["none", { width: 1.5 }],
    ["LONG 65", { width: 1.51 }],
    ["LONG 65", { close: 100 * (1 + BASIC.defaults.bandReach) }],
    ["none", { close: 101.51 }],
    ["none", { btc: "DOWN", btcStrength: 60.1 }],
    ["LONG 65", { btc: "DOWN", btcStrength: 60 }],
    ["LONG 65", { btc: "UP" }],
    ["none", { nearFrames: 0 }],
    ["LONG 80", { nearFrames: 4 }],
    ["LONG 80", { nearFrames: 5 }],
    ["LONG 70", { nearFrames: 0, rsi: 34.9, rsiBefore: 34 }],
    ["none", { nearFrames: 0, rsi: 35, rsiBefore: 34 }],
    ["none", { nearFrames: 0, rsi: 34, rsiBefore: 34 }],
    ["none", { nearFrames: 0, rsi: 66, rsiBefore: 67 }],
    ["LONG 75", { rsi: 30, rsiBefore: 29 }],
  ])("buys a reversal in a rising market: %s", (expected, given) => {
    expect(decided({ ...LONG, ...given })).toBe(expected);
  });

  it.each<[string, Partial<Circumstances>]>([
    ["SHORT 65", {}],
    ["none", { change: -0.5 }],
    ["none", { bearish: false }],
    ["none", { bearish: false, bullish: true }],
    ["none", { ma5: 100 }],
    ["none", { ma5: 101 }],
    ["none", { width: 1.5 }],
    ["SHORT 65", { close: 110 * (1 - BASIC.defaults.bandReach) }],
    ["none", { close: 108.34 }],
    ["none", { btc: "UP", btcStrength: 60.1 }],
    ["SHORT 65", { btc: "UP", btcStrength: 60 }],
    ["SHORT 65", { btc: "DOWN" }],
    ["none", { nearFrames: 0 }],
    ["SHORT 70", { nearFrames: 0, rsi: 65.1, rsiBefore: 66 }],
    ["none", { nearFrames: 0, rsi: 65, rsiBefore: 66 }],
    ["none", { nearFrames: 0, rsi: 66, rsiBefore: 66 }],
    ["none", { nearFrames: 0, rsi: 34, rsiBefore: 33 }],
  ])("sells a reversal in a falling market: %s", (expected, given) => {
    expect(decided({ ...SHORT, ...given })).toBe(expected);
  });

  it("does not decide while a window is not full", () => {
    expect(decided({ ...LONG, change: Number.NaN })).toBe("none");
  });

  it("says what it saw", () => {
    const reasons = (now: Circumstances) => {
      const decision = BASIC.decide(viewOf(now), BASIC.defaults);
      return decision.kind === "signal" ? decision.reasons : [];
    };
    expect(reasons(LONG)).toEqual([
      "coin trend UP (0.60 %)",
      "close at the lower Bollinger band (width 2.00 %)",
      "bullish candle",
      "Fibonacci level near in 1 frame",
    ]);
    expect(reasons({ ...SHORT, nearFrames: 2, rsi: 66, rsiBefore: 67 })).toEqual([
      "coin trend DOWN (-0.60 %)",
      "close at the upper Bollinger band (width 2.00 %)",
      "bearish candle",
      "Fibonacci level near in 2 frames",
      "RSI turning at 66.0",
    ]);
    expect(reasons({ ...LONG, nearFrames: 0, rsi: 30, rsiBefore: 29 })).toHaveLength(4);
  });
});
