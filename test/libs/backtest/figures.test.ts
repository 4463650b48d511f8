import { describe, expect, it } from "vitest";
import type { Trade } from "#libs/backtest/engine/trade.ts";
import { figuresOf } from "#libs/backtest/figures.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { madeOpenTrade, madeTrade } from "#test/support/factories/made-trades.ts";

const figures = (...trades: Partial<Trade>[]) =>
  figuresOf({ trades: trades.map(madeTrade), openTrade: null, skippedEntries: 0 }, MINUTE_MS);

describe("the figures of trades", () => {
  it("are null where there is nothing to measure, and 0 where nothing was paid", () => {
    expect(figuresOf({ trades: [], openTrade: madeOpenTrade(), skippedEntries: 3 }, MINUTE_MS)).toEqual({
      totalTrades: 0,
      wins: 0,
      losses: 0,
      winRate: null,
      totalPnl: 0,
      avgWin: null,
      avgLoss: null,
      profitFactor: null,
      maxDrawdown: 0,
      confidenceAvg: null,
      holdingMinutesAvg: null,
      fees: 0,
      funding: 0,
      skippedEntries: 3,
    });
  });

  it("count wins and losses, and add up what they made", () => {
    const found = figures({ net: 30 }, { net: 10 }, { net: -8 }, { net: -4 }, { net: -4 });
    expect(found).toMatchObject({ totalTrades: 5, wins: 2, losses: 3, winRate: 40, totalPnl: 24 });
    expect(found).toMatchObject({ avgWin: 20, avgLoss: -16 / 3, profitFactor: 2.5 });
  });

  it("take a trade without a result for a loss", () => {
    expect(figures({ net: 0 })).toMatchObject({ wins: 0, losses: 1, winRate: 0, avgLoss: 0 });
  });

  it("have no profit factor without a loss, and one of 0 without a win", () => {
    expect(figures({ net: 5 }).profitFactor).toBeNull();
    expect(figures({ net: -5 }).profitFactor).toBe(0);
  });

  it("measure the deepest fall from the highest sum so far, which is 0 at first", () => {
    const drawdown = (...nets: number[]) => figures(...nets.map((net) => ({ net }))).maxDrawdown;
    expect(drawdown(10, 20)).toBe(0);
    expect(drawdown(-10, 30, -5)).toBe(10);
    expect(drawdown(30, -5, -10, 50, -12)).toBe(15);
    expect(drawdown(30, -20, 10, -20)).toBe(30);
  });

  it("add up fees and funding, and average confidence and time", () => {
    const found = figures(
      { fees: 1.5, funding: -0.5, confidence: 60, entryMs: 0, exitMs: 0 },
      { fees: 2.5, funding: 0.25, confidence: 90, entryMs: 10 * MINUTE_MS, exitMs: 14 * MINUTE_MS },
    );
    // From the opening of the entry candle to the close of the exit candle: one minute and five.
    expect(found).toMatchObject({ fees: 4, funding: -0.25, confidenceAvg: 75, holdingMinutesAvg: 3 });
  });
});
