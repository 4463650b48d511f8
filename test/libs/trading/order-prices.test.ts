import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import { expectedOutcome, orderPrices } from "#libs/trading/order-prices.ts";
import { roundToTick } from "#libs/trading/round-to-tick.ts";
import { DEFAULT_TRADE_RULES, settle, type TradeRules } from "#libs/trading/trade-rules.ts";
import { LONG, MARKED, markedInput, type Row, SHORT } from "#test/support/factories/marked-market.ts";

const FREE: TradeRules = { ...DEFAULT_TRADE_RULES, takerFeePercent: 0, slippagePercent: 0 };

describe("order prices", () => {
  it("are the close, and the stop and the target at their distances from it", () => {
    expect(orderPrices("LONG", 200, DEFAULT_TRADE_RULES)).toEqual({ entry: 200, stop: 198, target: 204 });
    expect(orderPrices("SHORT", 200, DEFAULT_TRADE_RULES)).toEqual({ entry: 200, stop: 202, target: 196 });
  });

  it("print as the exchange prints them", () => {
    expect(orderPrices("LONG", 0.194394, DEFAULT_TRADE_RULES, "0.00001")).toEqual({
      entry: 0.19439,
      stop: 0.19245,
      target: 0.19828,
    });
    expect(orderPrices("SHORT", 104014.3, DEFAULT_TRADE_RULES, "0.10").stop).toBe(105054.4);
    expect(() => orderPrices("LONG", 1, DEFAULT_TRADE_RULES, "zero")).toThrow(RangeError);
  });

  it("promise what a trade filled at them makes", () => {
    const made = (...rows: Row[]) => backtest(markedInput(rows), { strategies: [MARKED] }).strategies.MARKED;
    for (const [side, mark, rises, falls] of [
      ["LONG", LONG, "atTarget", "atStop"],
      ["SHORT", SHORT, "atStop", "atTarget"],
    ] as const) {
      const outcome = expectedOutcome(side, orderPrices(side, 100, DEFAULT_TRADE_RULES), DEFAULT_TRADE_RULES);
      const [up, down] = side === "LONG" ? [102, 99] : [101, 98];
      expect(outcome[rises]).toBeCloseTo(made(mark, [100, up, 100, 100])?.figures.totalPnl ?? 0, 9);
      expect(outcome[falls]).toBeCloseTo(made(mark, [100, 100, down, 100])?.figures.totalPnl ?? 0, 9);
      expect(outcome.atStop).toBeLessThan(0);
    }
  });

  it("promise to lose the margin and no more", () => {
    const far = { ...FREE, stopLossPercent: 50 };
    expect(expectedOutcome("LONG", orderPrices("LONG", 100, far), far).atStop).toBe(-100);
    // Less than the margin at the stop, had the position not been liquidated before it.
    for (const side of ["LONG", "SHORT"] as const) {
      const atStop = (stopLossPercent: number) => {
        const rules = { ...FREE, stopLossPercent };
        return expectedOutcome(side, orderPrices(side, 100, rules), rules).atStop;
      };
      expect(atStop(9.6)).toBe(-100);
      expect(atStop(9.4)).toBeCloseTo(-94, 9);
    }
  });
});

describe("a settlement", () => {
  it("is a liquidation when the loss is more than the margin", () => {
    expect(settle(1, 100, 90, FREE)).toEqual({ gross: -100, fees: 0, liquidated: false });
    expect(settle(1, 100, 89.99, FREE).liquidated).toBe(true);
    expect(settle(-1, 100, 110.01, FREE).liquidated).toBe(true);
    const charged = settle(1, 100, 90, { ...FREE, takerFeePercent: 0.1 });
    expect(charged.fees).toBeCloseTo(1.9, 9);
    expect(charged.liquidated).toBe(true);
  });
});

describe("a price on the tick", () => {
  it.each([
    [0.1 + 0.2, "0.10", 0.3],
    [104014.34, "0.10", 104014.3],
    [104014.37, "0.10", 104014.4],
    [0.194394, "0.00001", 0.19439],
    [1.23456e-5, "1e-7", 1.23e-5],
    [0.000123456, "1.5E-6", 0.000123],
    [17, "5", 15],
    [18, " 5 ", 20],
    [123.456, "0.05", 123.45],
  ])("is the multiple nearest to %d with tick %s", (price, tick, expected) => {
    expect(roundToTick(price, tick)).toBe(expected);
  });

  it.each(["0", "0.00", "-1", "1,5", "", "NaN", "1e3", "x0.1", "0.1x", "0.", "Infinity"])(
    "needs a tick size, which %j is not",
    (tick) => {
      expect(() => roundToTick(100, tick)).toThrow(RangeError);
      expect(() => roundToTick(100, tick)).toThrow(JSON.stringify(tick));
    },
  );
});
