import { describe, expect, it } from "vitest";
import { exitLevel, targetLevel, touchesStop, touchesTarget } from "#libs/backtest/engine/exit-level.ts";
import { madeOpenTrade } from "#test/support/factories/made-trades.ts";

const LONG = madeOpenTrade();
const SHORT = madeOpenTrade({ side: "SHORT", stopLoss: 101, takeProfit: 98 });

describe("the levels of a trade", () => {
  it("are touched when a candle reaches them to the tick", () => {
    expect([touchesStop(LONG, 100, 99), touchesStop(LONG, 100, 99.01)]).toEqual([true, false]);
    expect([touchesTarget(LONG, 102, 100), touchesTarget(LONG, 101.99, 100)]).toEqual([true, false]);
    expect([touchesStop(SHORT, 101, 100), touchesStop(SHORT, 100.99, 100)]).toEqual([true, false]);
    expect([touchesTarget(SHORT, 100, 98), touchesTarget(SHORT, 100, 98.01)]).toEqual([true, false]);
  });

  it("fill where they lie, or at an open beyond them", () => {
    expect(exitLevel(LONG, 100, 100, 98)).toEqual({ reason: "stop_loss", price: 99 });
    expect(exitLevel(LONG, 98.5, 100, 98)).toEqual({ reason: "stop_loss", price: 98.5 });
    expect(exitLevel(SHORT, 100, 102, 100)).toEqual({ reason: "stop_loss", price: 101 });
    expect(exitLevel(SHORT, 101.5, 102, 100)).toEqual({ reason: "stop_loss", price: 101.5 });
    expect(exitLevel(LONG, 100, 103, 100)).toEqual({ reason: "take_profit", price: 102 });
    expect(targetLevel(LONG, 102.5)).toEqual({ reason: "take_profit", price: 102.5 });
    expect(exitLevel(SHORT, 100, 100, 97)).toEqual({ reason: "take_profit", price: 98 });
    expect(targetLevel(SHORT, 97.5)).toEqual({ reason: "take_profit", price: 97.5 });
  });
});
