import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import type { Trade } from "#libs/backtest/engine/trade.ts";
import { aggregate } from "#libs/candles/aggregate.ts";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { makeCandles, sliceCandles } from "#libs/candles/make-candles.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import {
  type Ended,
  FOLLOWED_MS,
  type FollowedSignal,
  type Progress,
  settle,
} from "#libs/execution/settle.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { orderPrices } from "#libs/trading/order-prices.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { BUSY } from "#test/support/factories/busy-strategy.ts";
import { madeCandles, madeFunding } from "#test/support/factories/made-candles.ts";

const TICK = "0.01";
const START_MS = Date.UTC(2026, 0, 15, 12);
const RULES = DEFAULT_TRADE_RULES;

/** Minutes that open where the one before closed: one row `[open, high, low, close]` or one close each. */
function minutes(...rows: readonly (number | readonly [number, number, number, number])[]): Candles {
  let last = 100;
  const candles = rows.map((row) => {
    const [open, high, low, close] =
      typeof row === "number" ? [last, Math.max(last, row), Math.min(last, row), row] : row;
    last = close;
    return { open, high, low, close };
  });
  const column = (name: "open" | "high" | "low" | "close") => candles.map((candle) => candle[name]);
  return makeCandles(MINUTE_MS, {
    openTimeMs: candles.map((_, i) => START_MS - MINUTE_MS + i * MINUTE_MS),
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    volume: candles.map(() => 1),
  });
}

/** A LONG at 100 with its stop at 99 and its target at 102, on a candle that closed at `START_MS`. */
function followed(overrides: Partial<FollowedSignal> = {}): FollowedSignal {
  return {
    intervalMs: MINUTE_MS,
    signalMs: START_MS,
    lifeEndMs: START_MS + 5 * MINUTE_MS,
    decision: { kind: "signal", side: "LONG", confidence: 70, reasons: [] },
    prices: orderPrices("LONG", 100, RULES, TICK),
    rules: RULES,
    tickSize: TICK,
    ...overrides,
  };
}

function ended(progress: Progress): Ended {
  if (progress.kind !== "ended") throw new Error(`it has not ended: ${progress.kind}`);
  return progress;
}

describe("a signal that is followed", () => {
  it("waits while its position may be acted on, though its level has been reached", () => {
    expect(settle(followed(), minutes(100))).toEqual({ kind: "waiting" });
    expect(settle(followed(), minutes(100, 103, 103, 103, 103))).toEqual({ kind: "waiting" });
    expect(settle(followed(), minutes(100, 103, 103, 103, 103, 103)).kind).toBe("ended");
  });

  it("is open with its fill and the best price of its life, which a SHORT has above", () => {
    const quiet = minutes(100, 100.5, 99.8, 100.2, 100, 99.9, 99.1);
    expect(settle(followed(), quiet)).toEqual({
      kind: "open",
      entry: { entryMs: START_MS, fillPrice: 100 * 1.0001 },
      bestPriceInLife: 99.8,
    });
    const short = followed({
      decision: { kind: "signal", side: "SHORT", confidence: 70, reasons: [] },
      prices: orderPrices("SHORT", 100, RULES, TICK),
    });
    expect(settle(short, quiet)).toMatchObject({ kind: "open", bestPriceInLife: 100.5 });
  });

  it("ends at its target or its stop, with costs", () => {
    const won = ended(settle(followed(), minutes(100, 100, 100, 100, 100, 100, 101, 102.5)));
    expect(won).toMatchObject({ by: "target", holdingMinutes: 7, decidedByDetail: false, isRevised: false });
    expect(won.trade.exitMs).toBe(START_MS + 6 * MINUTE_MS);
    expect(won.trade.exitPrice).toBe(102 * 0.9999);
    expect(won.trade.net).toBeCloseTo(won.trade.gross - won.trade.fees, 10);
    expect(won.trade.net).toBeGreaterThan(18);
    const lost = ended(settle(followed(), minutes(100, 99.5, 98.5, 99, 99, 99)));
    expect(lost).toMatchObject({ by: "stop", holdingMinutes: 2, bestPriceInLife: 98.5 });
    expect(lost.trade.net).toBeLessThan(-11);
  });

  it("skips the entry when the next candle opens beyond the tolerance", () => {
    const gap = minutes(100, [100.6, 101, 100.6, 101], 101, 101, 101, 101);
    expect(settle(followed(), gap)).toEqual({ kind: "skipped", open: 100.6, bestPriceInLife: 100.6 });
    expect(settle(followed(), minutes(100, [100.5, 101, 100.5, 101], 101, 101, 101, 101)).kind).toBe("open");
  });

  it("looks into the minutes of a candle that holds both levels", () => {
    const signal = followed({ intervalMs: 5 * MINUTE_MS });
    const targetFirst = ended(settle(signal, minutes(100, 101, 102.5, 101, 98.5, 99)));
    expect(targetFirst).toMatchObject({ by: "target", decidedByDetail: true, holdingMinutes: 5 });
    const stopFirst = ended(settle(signal, minutes(100, 99.5, 98.5, 101, 102.5, 102)));
    expect(stopFirst).toMatchObject({ by: "stop", decidedByDetail: true });
    const unclear = [100, [100, 103, 98, 100], 100, 100, 100, 100] as const;
    expect(settle(signal, minutes(...unclear))).toMatchObject({ by: "stop", decidedByDetail: false });
  });

  it("knows the exit when the candle of its timeframe has closed, and not before", () => {
    const signal = followed({ intervalMs: 15 * MINUTE_MS });
    const rising = [100, 100, 100, 100, 100, 100, 103, ...Array(8).fill(103)];
    expect(settle(signal, minutes(...rising)).kind).toBe("open");
    expect(settle(signal, minutes(...rising, 103))).toMatchObject({ kind: "ended", holdingMinutes: 15 });
  });

  it("asks for funding rates when a settlement lies between entry and exit, and counts them", () => {
    const flat = minutes(100, ...Array(61).fill(100), 103);
    expect(settle(followed(), flat)).toEqual({
      kind: "needs-funding",
      fromMs: START_MS,
      toMs: START_MS + 61 * MINUTE_MS + 999,
    });
    const rates = { length: 1, timeMs: Float64Array.of(START_MS + HOUR_MS), rate: Float64Array.of(0.001) };
    const paid = ended(settle(followed(), flat, rates));
    expect(paid.trade.funding).toBeCloseTo(-1, 3);
    const none = { length: 0, timeMs: new Float64Array(), rate: new Float64Array() };
    expect(ended(settle(followed(), flat, none)).trade.funding).toBe(0);
    // The settlement at the moment of the entry is the position's of the hour before.
    expect(settle(followed(), minutes(100, ...Array(58).fill(100), 103)).kind).toBe("ended");
  });

  it("is closed at the market price after seven days", () => {
    const week = FOLLOWED_MS / MINUTE_MS;
    const none = { length: 0, timeMs: new Float64Array(), rate: new Float64Array() };
    const calm = Array(week - 1).fill(100);
    expect(settle(followed(), minutes(100, ...calm), none).kind).toBe("open");
    const over = ended(settle(followed(), minutes(100, ...calm, 101, 103), none));
    expect(over).toMatchObject({ by: "timeout", holdingMinutes: week });
    expect(over.trade.exitPrice).toBe(101 * 0.9999);
    expect(over.trade.exitMs).toBe(START_MS + 7 * DAY_MS - MINUTE_MS);
  });

  it("keeps the published levels when the exchange corrects the signal candle, and says so", () => {
    const corrected = minutes(100.1, [100, 100, 100, 100], 100, 100, 100, 100, 102.05);
    const result = ended(settle(followed(), corrected));
    expect(result).toMatchObject({ by: "target", isRevised: true });
    expect(result.trade).toMatchObject({ entryPrice: 100, stopLoss: 99, takeProfit: 102 });
  });

  it("refuses candles that begin too late or are of another length", () => {
    const late = sliceCandles(minutes(100, 100, 100), 1);
    expect(() => settle(followed(), late)).toThrow(RangeError);
    expect(() => settle(followed(), aggregate(minutes(...Array(20).fill(100)), 5 * MINUTE_MS))).toThrow(
      RangeError,
    );
  });
});

/** A made market and what the backtest trades on it, with the minutes inside its candles. */
function backtested(timeframe: Timeframe, seed: number) {
  const base = madeCandles({ length: 9_000, seed, volatilityPercent: 0.25, startMs: START_MS });
  const candles = aggregate(base, timeframeMs(timeframe));
  const input: StudyInput = {
    symbol: "MADEUSDT",
    timeframe,
    candles,
    frameCandles: aggregateFrames(base, timeframe, candles),
    btc: null,
    funding: madeFunding(base.startMs, endMs(base), seed),
  };
  const detail = timeframe === "1m" ? {} : { detail: base };
  const { trades } = backtest(input, { strategies: [BUSY], tickSize: TICK, ...detail }).strategies.BUSY ?? {
    trades: [],
  };
  return { base, input, trades };
}

function signalOf(trade: Trade, timeframe: Timeframe): FollowedSignal {
  const { side, confidence, reasons, entryPrice, stopLoss, takeProfit } = trade;
  return {
    intervalMs: timeframeMs(timeframe),
    signalMs: trade.signalMs,
    lifeEndMs: trade.signalMs + 5 * MINUTE_MS,
    decision: { kind: "signal", side, confidence, reasons },
    prices: { entry: entryPrice, stop: stopLoss, target: takeProfit },
    rules: RULES,
    tickSize: TICK,
  };
}

describe("what became of a signal", () => {
  it("is the trade of the backtest to the last digit, on every timeframe", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Timeframe>("1m", "3m", "5m", "15m", "30m"),
        fc.integer({ min: 1, max: 1_000 }),
        (timeframe, seed) => {
          const { base, input, trades } = backtested(timeframe, seed);
          expect(trades.length).toBeGreaterThan(0);
          for (const trade of trades) {
            const outcome = settle(signalOf(trade, timeframe), base, input.funding);
            expect(ended(outcome).trade).toEqual(trade);
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it("does not depend on where its minutes begin, nor change with later ones", () => {
    const { base, input, trades } = backtested("5m", 7);
    for (const trade of trades.slice(0, 12)) {
      const signal = signalOf(trade, "5m");
      const whole = settle(signal, base, input.funding);
      const first = (trade.signalMs - base.startMs) / MINUTE_MS - 1;
      const order = ["waiting", "open", "ended"];
      let reached = 0;
      for (let end = first + 1; end < base.length; end += 7) {
        const progress = settle(signal, sliceCandles(base, first, end), input.funding);
        expect(order.indexOf(progress.kind)).toBeGreaterThanOrEqual(reached);
        reached = order.indexOf(progress.kind);
        if (progress.kind !== "ended") continue;
        expect(progress).toEqual(whole);
        expect(openTimeMs(base, end)).toBeGreaterThanOrEqual(trade.exitMs + signal.intervalMs);
        break;
      }
      expect(order[reached]).toBe("ended");
    }
  });
});
