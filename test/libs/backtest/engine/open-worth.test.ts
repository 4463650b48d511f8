import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import type { FundingRates } from "#libs/candles/candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { DEFAULT_TRADE_RULES, type TradeRules } from "#libs/trading/trade-rules.ts";
import {
  FLAT,
  FLAT_CANDLES,
  LONG,
  MARKED,
  markedInput,
  type Row,
  SHORT,
} from "#test/support/factories/marked-market.ts";

function worthOf(rows: readonly Row[], rules: Partial<TradeRules> = {}, funding: FundingRates | null = null) {
  const options = { strategies: [MARKED], rules: { ...DEFAULT_TRADE_RULES, ...rules } };
  return backtest(markedInput(rows, funding), options).strategies.MARKED;
}

describe("the worth of an open trade", () => {
  it("is what leaving it at the last close would give, at the costs of a trade", () => {
    const result = worthOf([LONG, FLAT, [100, 101.5, 100, 101]]);
    const fill = 100 * 1.0001;
    const exit = 101 * 0.9999;
    const quantity = 1000 / fill;
    expect(result?.openWorth?.price).toBe(101);
    expect(result?.openWorth?.closedMs).toBe((FLAT_CANDLES + 3) * MINUTE_MS);
    expect(result?.openWorth?.net).toBeCloseTo(
      quantity * (exit - fill) - 0.00055 * quantity * (fill + exit),
      9,
    );
    expect(result?.figures.totalPnl).toBe(0);
  });

  it("is none without an open trade", () => {
    expect(worthOf([LONG, [100, 103, 100, 103]])?.openWorth).toBeNull();
    expect(worthOf([FLAT, FLAT])?.openWorth).toBeNull();
  });

  it("has the funding settled up to the last close, that moment included", () => {
    const times = [1, 2, 3, 4].map((k) => (FLAT_CANDLES + k) * MINUTE_MS);
    const funding = {
      length: 4,
      timeMs: Float64Array.from(times),
      rate: Float64Array.of(1, 0.001, 0.002, 1),
    };
    const free = { takerFeePercent: 0, slippagePercent: 0 };
    const worth = worthOf([SHORT, FLAT, [100, 100.5, 100, 100.5]], free, funding)?.openWorth;
    expect(worth?.funding).toBeCloseTo(10 * 100 * 0.001 + 10 * 100.5 * 0.002, 9);
    expect(worth?.net).toBeCloseTo(-5 + (worth?.funding ?? 0), 9);
  });

  it("is minus the margin at most, and mirrors before costs", () => {
    fc.assert(
      fc.property(fc.double({ min: -9, max: 1.9, noNaN: true }), (percent) => {
        const wide = { stopLossPercent: 50, takerFeePercent: 1 };
        const close = 100 + percent;
        const row: Row = [100, Math.max(100, close), Math.min(100, close), close];
        expect(worthOf([LONG, row], wide)?.openWorth?.net).toBeGreaterThanOrEqual(-100);
        const free = { stopLossPercent: 50, takerFeePercent: 0, slippagePercent: 0 };
        const mirrored = 100 - percent;
        const other: Row = [100, Math.max(100, mirrored), Math.min(100, mirrored), mirrored];
        expect(worthOf([SHORT, other], free)?.openWorth?.net).toBeCloseTo(
          worthOf([LONG, row], free)?.openWorth?.net ?? Number.NaN,
          9,
        );
      }),
    );
  });
});
