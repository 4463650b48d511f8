import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import {
  describeUnreachableStop,
  remedyOfUnreachableStop,
  unreachableStop,
} from "#libs/trading/stop-reach.ts";
import { tickShareOfStop } from "#libs/trading/tick-share.ts";
import { DEFAULT_TRADE_RULES, type TradeRules } from "#libs/trading/trade-rules.ts";
import { FLAT, LONG, MARKED, markedInput, SHORT } from "#test/support/factories/marked-market.ts";

const rulesOf = (overrides: Partial<TradeRules>): TradeRules => ({ ...DEFAULT_TRADE_RULES, ...overrides });

const anyRules = fc
  .record({
    leverage: fc.double({ min: 1, max: 100, noNaN: true }),
    stopLossPercent: fc.double({ min: 0.05, max: 99.9, noNaN: true }),
    slippagePercent: fc.constantFrom(0, 0.01, 1),
    maintenanceMarginPercent: fc.constantFrom(0, 0.5, 2),
  })
  .map(rulesOf);

describe("a stop that is not reached", () => {
  it("names the side, for slippage brings one liquidation price nearer than the other", () => {
    const near = rulesOf({ leverage: 100, stopLossPercent: 0.3, slippagePercent: 0.2 });
    expect(unreachableStop(near)?.side).toBe("SHORT");
    expect(unreachableStop({ ...near, stopLossPercent: 0.8 })?.side).toBe("both");
  });

  it("lies at the liquidation price or beyond it", () => {
    const free = { slippagePercent: 0 };
    expect(unreachableStop(DEFAULT_TRADE_RULES)).toBeNull();
    expect(unreachableStop(rulesOf({ stopLossPercent: 9.48 }))).toBeNull();
    expect(unreachableStop(rulesOf({ stopLossPercent: 9.5 }))?.liquidationPercent).toBeCloseTo(9.489, 3);
    expect(unreachableStop(rulesOf({ ...free, leverage: 8, stopLossPercent: 12 }))).toMatchObject({
      leverage: 8,
      stopLossPercent: 12,
      highestLeverage: 7.99,
    });
    expect(unreachableStop(rulesOf({ ...free, leverage: 8, stopLossPercent: 11.99 }))).toBeNull();
    expect(unreachableStop(rulesOf({ leverage: 100, stopLossPercent: 5 }))?.highestLeverage).toBe(18.14);
    expect(unreachableStop(rulesOf({ leverage: 1, stopLossPercent: 99.8 }))?.highestLeverage).toBeNull();
  });

  it("is what the engine never ends a trade at, on either side", () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const reasons = [LONG, SHORT].map((mark) => {
          // Candles that creep to nothing, or to twice the price and more, without a gap.
          const steps = [...Array.from({ length: 40 }, (_, k) => 1 - (k + 1) / 41), 1e-4];
          const path = steps.map((part) => (mark === LONG ? 100 * part : 100 * (3 - 2 * part)));
          const rows = path.map((price, k) => {
            const open = path[k - 1] ?? 100;
            return [open, Math.max(open, price), Math.min(open, price), price] as const;
          });
          const input = markedInput([mark, FLAT, ...rows]);
          return backtest(input, { strategies: [MARKED], rules }).strategies.MARKED?.trades[0]?.exitReason;
        });
        const found = unreachableStop(rules);
        if (found === null) expect(reasons).not.toContain(undefined);
        else expect(reasons).toContain("liquidation");
      }),
    );
  });

  it("is reached with the leverage that is named, and with a hundredth more it is not", () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        const found = unreachableStop(rules);
        if (found === null) return;
        const { highestLeverage } = found;
        if (highestLeverage === null) {
          expect(unreachableStop({ ...rules, leverage: 1 })).not.toBeNull();
          return;
        }
        expect(unreachableStop({ ...rules, leverage: highestLeverage })).toBeNull();
        const more = Number((highestLeverage + 0.01).toFixed(2));
        if (more <= rules.leverage) expect(unreachableStop({ ...rules, leverage: more })).not.toBeNull();
      }),
    );
  });

  it("is described with both values and the remedy", () => {
    const found = unreachableStop(rulesOf({ leverage: 100, stopLossPercent: 5 }));
    if (found === null) throw new Error("5 % is beyond the liquidation price at 100x");
    expect(describeUnreachableStop(found)).toContain("5 % from the entry");
    expect(describeUnreachableStop(found)).toContain("0.489 % from it at leverage 100");
    expect(remedyOfUnreachableStop(found)).toContain("18.14");
    expect(remedyOfUnreachableStop({ ...found, highestLeverage: null })).toContain("no leverage works");
  });
});

describe("a tick", () => {
  it("is a share of the way to the stop", () => {
    expect(tickShareOfStop("0.10", 100, DEFAULT_TRADE_RULES)).toBeCloseTo(10, 9);
    expect(tickShareOfStop("0.0005", 0.1, rulesOf({ stopLossPercent: 0.5 }))).toBeCloseTo(100, 9);
  });
});
