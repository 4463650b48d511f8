import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  adverseExit,
  adverseLevel,
  exitLevel,
  targetExit,
  touchesAdverse,
  touchesTarget,
} from "#libs/backtest/engine/exit-level.ts";
import { madeOpenTrade } from "#test/support/factories/made-trades.ts";

const LONG = madeOpenTrade();
const SHORT = madeOpenTrade({ side: "SHORT", stopLoss: 101, takeProfit: 98 });
/** Their margin is used up before the stop is reached. */
const FAR_LONG = madeOpenTrade({ stopLoss: 85, liquidationPrice: 90.5 });
const FAR_SHORT = madeOpenTrade({
  side: "SHORT",
  stopLoss: 115,
  takeProfit: 98,
  liquidationPrice: 109.5,
});

describe("the levels of a trade", () => {
  it("are touched when a candle reaches them to the tick", () => {
    expect([touchesAdverse(LONG, 100, 99), touchesAdverse(LONG, 100, 99.01)]).toEqual([true, false]);
    expect([touchesTarget(LONG, 102, 100), touchesTarget(LONG, 101.99, 100)]).toEqual([true, false]);
    expect([touchesAdverse(SHORT, 101, 100), touchesAdverse(SHORT, 100.99, 100)]).toEqual([true, false]);
    expect([touchesTarget(SHORT, 100, 98), touchesTarget(SHORT, 100, 98.01)]).toEqual([true, false]);
    expect([touchesAdverse(FAR_LONG, 100, 90.5), touchesAdverse(FAR_LONG, 100, 90.51)]).toEqual([
      true,
      false,
    ]);
    expect([touchesAdverse(FAR_SHORT, 109.5, 100), touchesAdverse(FAR_SHORT, 109.49, 100)]).toEqual([
      true,
      false,
    ]);
  });

  it("fill where they lie, or at an open beyond them", () => {
    expect(exitLevel(LONG, 100, 100, 98)).toEqual({ reason: "stop_loss", price: 99 });
    expect(exitLevel(LONG, 98.5, 100, 98)).toEqual({ reason: "stop_loss", price: 98.5 });
    expect(exitLevel(SHORT, 100, 102, 100)).toEqual({ reason: "stop_loss", price: 101 });
    expect(exitLevel(SHORT, 101.5, 102, 100)).toEqual({ reason: "stop_loss", price: 101.5 });
    expect(exitLevel(LONG, 100, 103, 100)).toEqual({ reason: "take_profit", price: 102 });
    expect(targetExit(LONG, 102.5)).toEqual({ reason: "take_profit", price: 102.5 });
    expect(exitLevel(SHORT, 100, 100, 97)).toEqual({ reason: "take_profit", price: 98 });
    expect(targetExit(SHORT, 97.5)).toEqual({ reason: "take_profit", price: 97.5 });
  });

  it("end a trade at the liquidation price where that is nearer than the stop, or as near", () => {
    expect(exitLevel(FAR_LONG, 100, 103, 84)).toEqual({ reason: "liquidation", price: 90.5 });
    expect(exitLevel(FAR_LONG, 88, 103, 84)).toEqual({ reason: "liquidation", price: 88 });
    expect(exitLevel(FAR_SHORT, 100, 116, 97)).toEqual({ reason: "liquidation", price: 109.5 });
    expect(exitLevel(FAR_SHORT, 112, 116, 97)).toEqual({ reason: "liquidation", price: 112 });
    expect(adverseExit({ ...LONG, liquidationPrice: 99 }, 100).reason).toBe("liquidation");
    expect(adverseExit({ ...LONG, liquidationPrice: 98.99 }, 100).reason).toBe("stop_loss");
  });

  it("end a trade at the open of a candle that opens at the target or beyond it, whatever it touches later", () => {
    expect(exitLevel(LONG, 102, 104, 98)).toEqual({ reason: "take_profit", price: 102 });
    expect(exitLevel(LONG, 104, 104.5, 98)).toEqual({ reason: "take_profit", price: 104 });
    expect(exitLevel(SHORT, 98, 102, 96)).toEqual({ reason: "take_profit", price: 98 });
    expect(exitLevel(SHORT, 96, 102, 95.5)).toEqual({ reason: "take_profit", price: 96 });
    expect(exitLevel(FAR_LONG, 103, 104, 80)).toEqual({ reason: "take_profit", price: 103 });
    // The last price below the target is not there yet.
    expect(exitLevel(LONG, 101.99, 104, 98)).toEqual({ reason: "stop_loss", price: 99 });
    expect(exitLevel(SHORT, 98.01, 102, 96)).toEqual({ reason: "stop_loss", price: 101 });
  });
});

describe("the adverse exit", () => {
  const percent = (max: number) => fc.double({ min: 0.1, max, noNaN: true });
  const trades = fc
    .record({ side: fc.constantFrom("LONG", "SHORT"), stop: percent(60), liquidation: percent(99.5) })
    .map(({ side, stop, liquidation }) => {
      const direction = side === "LONG" ? 1 : -1;
      return madeOpenTrade({
        side: side === "LONG" ? "LONG" : "SHORT",
        stopLoss: 100 - direction * stop,
        liquidationPrice: 100 - direction * liquidation,
        takeProfit: 100 + direction * 2,
      });
    });

  it("is at the nearer of stop and liquidation price", () => {
    fc.assert(
      fc.property(trades, (trade) => {
        const distance = (level: number) => Math.abs(100 - level);
        expect(distance(adverseLevel(trade))).toBe(
          Math.min(distance(trade.stopLoss), distance(trade.liquidationPrice)),
        );
      }),
    );
  });

  it("is never better than its level for the trade, and worse only by a gap", () => {
    fc.assert(
      fc.property(trades, percent(99), (trade, away) => {
        const direction = trade.side === "LONG" ? 1 : -1;
        const open = 100 - direction * away;
        const { price } = adverseExit(trade, open);
        const gapped = direction * open < direction * adverseLevel(trade);
        expect(price).toBe(gapped ? open : adverseLevel(trade));
      }),
    );
  });
});
