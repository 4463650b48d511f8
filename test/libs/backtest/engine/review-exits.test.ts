import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import { closeTrade } from "#libs/backtest/engine/close-trade.ts";
import { exitLevel, targetExit, touchesAdverse, touchesTarget } from "#libs/backtest/engine/exit-level.ts";
import { reviewExits } from "#libs/backtest/engine/review-exits.ts";
import type { OpenTrade, Trade } from "#libs/backtest/engine/trade.ts";
import { aggregate } from "#libs/candles/aggregate.ts";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { makeCandles, sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { decide } from "#libs/strategy/decide.ts";
import type { Side } from "#libs/strategy/decision.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { orderPrices } from "#libs/trading/order-prices.ts";
import {
  DEFAULT_TRADE_RULES,
  directionOf,
  entryFill,
  liquidationPrice,
  type TradeRules,
} from "#libs/trading/trade-rules.ts";
import { BUSY } from "#test/support/factories/busy-strategy.ts";
import { madeCandles, madeFunding } from "#test/support/factories/made-candles.ts";

const START = Date.UTC(2025, 0, 1);
const MINUTES = 5;

type Row = readonly [open: number, high: number, low: number, close: number];

function candlesOf(intervalMs: number, startMs: number, rows: readonly Row[]): Candles {
  return makeCandles(intervalMs, {
    openTimeMs: rows.map((_, i) => startMs + i * intervalMs),
    open: rows.map((row) => row[0]),
    high: rows.map((row) => row[1]),
    low: rows.map((row) => row[2]),
    close: rows.map((row) => row[3]),
    volume: rows.map(() => 1),
  });
}

/** A trade from 100 with a stop 1 away and a target 2 away that was stopped in the candle after its entry. */
function stoppedIn(candle: Row, side: Side = "LONG", rules: TradeRules = DEFAULT_TRADE_RULES) {
  const direction = directionOf(side);
  const candles = candlesOf(MINUTES * MINUTE_MS, START, [[100, 100, 100, 100], candle]);
  const market = { candles, funding: null, rules };
  const open: OpenTrade = {
    signalMs: START,
    entryMs: START,
    side,
    confidence: 80,
    reasons: [],
    entryPrice: 100,
    stopLoss: 100 - direction,
    takeProfit: 100 + 2 * direction,
    fillPrice: entryFill(direction, 100, rules),
    liquidationPrice: liquidationPrice(direction, entryFill(direction, 100, rules), rules),
  };
  const trade = closeTrade(market, open, 1, exitLevel(open, candle[0], candle[1], candle[2]));
  return { market, trade };
}

/** One-minute candles inside the second candle, from its open on. */
const inside = (...rows: Row[]) => candlesOf(MINUTE_MS, START + MINUTES * MINUTE_MS, rows);

describe("a candle with stop and target", () => {
  const both: Row = [100, 102.5, 98.5, 100];

  it("counts as ambiguous, stays a loss, and says what the optimistic reading gives", () => {
    const { market, trade } = stoppedIn(both);
    const { trades, ambiguity } = reviewExits([trade], market);
    expect(trades).toEqual([trade]);
    expect(trade.exitReason).toBe("stop_loss");
    const target = closeTrade(market, trade, 1, { reason: "take_profit", price: 102 });
    expect(target.net).toBeGreaterThan(0);
    expect(ambiguity).toEqual({ trades: 1, decided: 0, optimisticPnl: target.net, optimisticWinRate: 100 });
  });

  it("mirrors for a SHORT", () => {
    const { market, trade } = stoppedIn([100, 101.5, 97.5, 100], "SHORT");
    const { ambiguity } = reviewExits([trade], market);
    expect(ambiguity.trades).toBe(1);
    expect(ambiguity.optimisticPnl).toBe(closeTrade(market, trade, 1, targetExit(trade, 100)).net);
    const rises = reviewExits([trade], market, inside([100, 101.2, 100, 100], [100, 100, 97, 98]));
    expect(rises.trades[0]?.exitReason).toBe("stop_loss");
    const falls = reviewExits([trade], market, inside([100, 100, 97.9, 98], [98, 101.5, 98, 100]));
    expect(falls.trades[0]?.exitReason).toBe("take_profit");
  });

  it("is not ambiguous when it opens beyond the stop, or touches one level only", () => {
    for (const candle of [
      [98.8, 102.5, 98.5, 100],
      [100, 101.9, 98.5, 100],
    ] as const) {
      const { market, trade } = stoppedIn(candle);
      expect(reviewExits([trade], market).ambiguity).toEqual({
        trades: 0,
        decided: 0,
        optimisticPnl: trade.net,
        optimisticWinRate: 0,
      });
    }
    const { market, trade } = stoppedIn([100, 102.5, 99.5, 100]);
    expect(trade.exitReason).toBe("take_profit");
    expect(reviewExits([trade], market).ambiguity).toMatchObject({ trades: 0, optimisticWinRate: 100 });
  });

  it.each([
    [
      "the target",
      [
        [100, 102.1, 100, 102],
        [102, 102, 98.5, 99],
      ],
      "take_profit",
      102,
    ],
    [
      "the stop",
      [
        [100, 100.5, 98.9, 100],
        [100, 102.5, 100, 100],
      ],
      "stop_loss",
      99,
    ],
    [
      "the target, at the open beyond it",
      [
        [100, 100, 100, 100],
        [102.3, 102.5, 98.5, 100],
      ],
      "take_profit",
      102.3,
    ],
    [
      "the stop, at the open beyond it",
      [
        [100, 100, 100, 100],
        [98.7, 102.5, 98.5, 100],
      ],
      "stop_loss",
      98.7,
    ],
  ] as const)("is decided by the first minute that touches %s", (_, rows, reason, price) => {
    const { market, trade } = stoppedIn(both);
    const { trades, ambiguity } = reviewExits([trade], market, inside(...rows));
    const expected = closeTrade(market, trade, 1, { reason, price });
    expect(trades).toEqual([expected]);
    expect(ambiguity).toEqual({
      trades: 1,
      decided: 1,
      optimisticPnl: expected.net,
      optimisticWinRate: reason === "take_profit" ? 100 : 0,
    });
    expect(expected.exitMs).toBe(trade.exitMs);
  });

  it.each([
    ["have both in one of them", [[100, 100, 100, 100], both]],
    ["touch neither", [[100, 101, 99.5, 100]]],
  ] as const)("stays a loss when the minutes %s", (_, rows) => {
    const { market, trade } = stoppedIn(both);
    const { trades, ambiguity } = reviewExits([trade], market, inside(...rows));
    expect(trades).toEqual([trade]);
    expect(ambiguity).toMatchObject({ trades: 1, decided: 0, optimisticWinRate: 100 });
  });

  it("is not decided by minutes after it", () => {
    const { market, trade } = stoppedIn(both);
    const quiet: Row = [100, 100, 100, 100];
    const later = inside(quiet, quiet, quiet, quiet, quiet, [100, 102.1, 100, 102]);
    expect(reviewExits([trade], market, later).ambiguity).toMatchObject({ trades: 1, decided: 0 });
  });

  it("is liquidated at the adverse level where that is the nearer one", () => {
    const rules = { ...DEFAULT_TRADE_RULES, leverage: 100 };
    const { market, trade } = stoppedIn([100, 102.5, 99.2, 100], "LONG", rules);
    expect(trade).toMatchObject({ exitReason: "liquidation", net: -100 });
    const { trades, ambiguity } = reviewExits([trade], market);
    expect(trades).toEqual([trade]);
    expect(ambiguity).toMatchObject({ trades: 1, decided: 0, optimisticWinRate: 100 });
    const falls = inside([100, 100, 99.4, 100], [100, 102.5, 99.2, 100]);
    expect(reviewExits([trade], market, falls).trades[0]).toMatchObject({
      exitReason: "liquidation",
      net: -100,
    });
    const rises = inside([100, 102.1, 99.6, 102], [102, 102, 99.2, 100]);
    expect(reviewExits([trade], market, rises).trades[0]?.exitReason).toBe("take_profit");
    // The stop itself, at 99, is not reached: the candle is ambiguous by its liquidation price alone.
    const { trade: spared, market: calm } = stoppedIn([100, 102.5, 99.2, 100]);
    expect(spared.exitReason).toBe("take_profit");
    expect(reviewExits([spared], calm).ambiguity.trades).toBe(0);
  });

  it("is not ambiguous when it opens at the target or beyond it", () => {
    for (const open of [102, 102.3]) {
      const { market, trade } = stoppedIn([open, 102.5, 98.5, 100]);
      expect(trade.exitReason).toBe("take_profit");
      const falls = inside([open, open, 98.5, 99]);
      const { trades, ambiguity } = reviewExits([trade], market, falls);
      expect(trades).toEqual([trade]);
      expect(ambiguity).toMatchObject({ trades: 0, decided: 0, optimisticPnl: trade.net });
    }
  });

  it("is decided by minutes from a series that began long before", () => {
    const { market, trade } = stoppedIn(both);
    const quiet: Row = [100, 100, 100, 100];
    const minutes = candlesOf(MINUTE_MS, START + MINUTE_MS, [
      quiet,
      quiet,
      quiet,
      quiet,
      [100, 102.1, 100, 102],
    ]);
    expect(reviewExits([trade], market, minutes).trades[0]?.exitReason).toBe("take_profit");
  });

  it("may be the candle's highest and lowest minute that decide", () => {
    const { market, trade } = stoppedIn(both);
    for (const [price, exitReason] of [
      [102.5, "take_profit"],
      [98.5, "stop_loss"],
    ] as const) {
      const { trades, ambiguity } = reviewExits([trade], market, inside([price, price, price, price]));
      expect(trades[0]?.exitReason).toBe(exitReason);
      expect(ambiguity.decided).toBe(1);
    }
  });

  it("takes a trade without a result for none that was won", () => {
    const { market, trade } = stoppedIn([100, 101.9, 98.5, 100]);
    expect(reviewExits([{ ...trade, net: 0 }], market).ambiguity.optimisticWinRate).toBe(0);
  });

  it("stays a loss when the minutes begin late or end early", () => {
    const { market, trade } = stoppedIn(both);
    const minutes = inside([100, 100, 100, 100], [100, 102.1, 100, 102], [102, 102, 98.5, 99]);
    expect(reviewExits([trade], market, minutes).ambiguity.decided).toBe(1);
    for (const part of [sliceCandles(minutes, 1), sliceCandles(minutes, 0, 1), sliceCandles(minutes, 0, 0)]) {
      expect(reviewExits([trade], market, part).ambiguity).toMatchObject({ trades: 1, decided: 0 });
    }
  });

  it("stays a loss when the minutes are another symbol's", () => {
    const { market, trade } = stoppedIn(both);
    for (const price of [60_000, 0.2]) {
      const other = inside([price, price, price, price], [price, price, price, price]);
      const { trades, ambiguity } = reviewExits([trade], market, other);
      expect(trades).toEqual([trade]);
      expect(ambiguity).toMatchObject({ trades: 1, decided: 0 });
    }
  });

  it("refuses candles that do not lie inside", () => {
    const { market, trade } = stoppedIn(both);
    for (const minutes of [5, 2, 15]) {
      const detail = candlesOf(minutes * MINUTE_MS, START, [[100, 100, 100, 100]]);
      expect(() => reviewExits([trade], market, detail)).toThrow(RangeError);
    }
  });

  it("has nothing to say without a trade", () => {
    const { market } = stoppedIn(both);
    expect(reviewExits([], market).ambiguity).toEqual({
      trades: 0,
      decided: 0,
      optimisticPnl: 0,
      optimisticWinRate: null,
    });
  });
});

/** So close that stop and target often lie in one candle. */
const CLOSE: TradeRules = { ...DEFAULT_TRADE_RULES, stopLossPercent: 0.3, takeProfitPercent: 0.6 };

function market(seed: number): { base: Candles; input: StudyInput } {
  const base = madeCandles({ length: 30_000, seed, volatilityPercent: 0.12 });
  const candles = aggregate(base, 15 * MINUTE_MS);
  const funding = madeFunding(base.startMs, endMs(base));
  const frameCandles = aggregateFrames(base, "15m", candles);
  return {
    base,
    input: { symbol: "MADEUSDT", timeframe: "15m", candles, frameCandles, btc: null, funding },
  };
}

/** The trade rules once more, plainly, with the target tried before the stop. */
function targetFirst(input: StudyInput, strategy: Strategy, rules: TradeRules): Trade[] {
  const { candles, funding } = input;
  const study = makeStudy(input);
  const value = (column: Float64Array, i: number) => column[i] ?? Number.NaN;
  const trades: Trade[] = [];
  let i = FIRST_DECISION_INDEX;
  while (i < candles.length - 1) {
    const decision = decide(strategy, study, i);
    if (decision.kind === "none") {
      i++;
      continue;
    }
    const prices = orderPrices(decision.side, value(candles.close, i), rules);
    const fillPrice = entryFill(directionOf(decision.side), value(candles.open, i + 1), rules);
    const trade: OpenTrade = {
      signalMs: openTimeMs(candles, i + 1),
      entryMs: openTimeMs(candles, i + 1),
      side: decision.side,
      confidence: decision.confidence,
      reasons: decision.reasons,
      entryPrice: prices.entry,
      stopLoss: prices.stop,
      takeProfit: prices.target,
      fillPrice,
      liquidationPrice: liquidationPrice(directionOf(decision.side), fillPrice, rules),
    };
    let exit = i + 1;
    const touches = (k: number) => {
      const [open, high, low] = [value(candles.open, k), value(candles.high, k), value(candles.low, k)];
      if (touchesTarget(trade, high, low) && !touchesAdverse(trade, open, open))
        return targetExit(trade, open);
      return touchesAdverse(trade, high, low) ? exitLevel(trade, open, high, low) : null;
    };
    while (exit < candles.length && touches(exit) === null) exit++;
    const level = exit < candles.length ? touches(exit) : null;
    if (level === null) break;
    trades.push(closeTrade({ candles, funding, rules }, trade, exit, level));
    i = exit;
  }
  return trades;
}

describe("the optimistic reading", () => {
  it.each([1, 2, 3])(
    "is what a whole run with the target first gives: no later trade changes (seed %d)",
    (seed) => {
      const { input } = market(seed);
      const { BUSY: result } = backtest(input, { strategies: [BUSY], rules: CLOSE }).strategies;
      const rerun = targetFirst(input, BUSY, CLOSE);
      expect(result?.ambiguity.trades).toBeGreaterThan(10);
      expect(rerun.map(({ entryMs, exitMs, side }) => ({ entryMs, exitMs, side }))).toEqual(
        result?.trades.map(({ entryMs, exitMs, side }) => ({ entryMs, exitMs, side })),
      );
      const pnl = rerun.reduce((sum, trade) => sum + trade.net, 0);
      expect(result?.ambiguity.optimisticPnl).toBeCloseTo(pnl, 9);
      expect(pnl).toBeGreaterThan(result?.figures.totalPnl ?? Infinity);
      const wins = rerun.filter((trade) => trade.net > 0).length;
      expect(result?.ambiguity.optimisticWinRate).toBeCloseTo((wins / rerun.length) * 100, 9);
    },
  );
});

describe("a backtest with the candles inside", () => {
  it.each([1, 2, 3])("ends every trade at the level that the first minute touched (seed %d)", (seed) => {
    const { base, input } = market(seed);
    const plain = backtest(input, { strategies: [BUSY], rules: CLOSE }).strategies.BUSY;
    const detailed = backtest(input, { strategies: [BUSY], rules: CLOSE, detail: base }).strategies.BUSY;
    if (plain === undefined || detailed === undefined) throw new Error("BUSY was backtested");
    expect(detailed.ambiguity.trades).toBe(plain.ambiguity.trades);
    expect(detailed.ambiguity.decided).toBeGreaterThan(5);
    for (const [k, trade] of detailed.trades.entries()) {
      let minute = (trade.entryMs - base.startMs) / MINUTE_MS;
      const high = () => base.high[minute] ?? Number.NaN;
      const low = () => base.low[minute] ?? Number.NaN;
      while (!touchesAdverse(trade, high(), low()) && !touchesTarget(trade, high(), low())) minute++;
      const reason = touchesAdverse(trade, high(), low()) ? "stop_loss" : "take_profit";
      expect(trade.exitReason).toBe(reason);
      expect(trade.exitMs).toBe(plain.trades[k]?.exitMs);
    }
    expect(detailed.figures.totalTrades).toBe(plain.figures.totalTrades);
    expect(detailed.figures.totalPnl).toBeGreaterThan(plain.figures.totalPnl);
    expect(detailed.figures.totalPnl).toBeLessThanOrEqual(plain.ambiguity.optimisticPnl + 1e-9);
  });
});
