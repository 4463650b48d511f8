import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import { simulate } from "#libs/backtest/engine/simulate.ts";
import type { FundingRates } from "#libs/candles/candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy } from "#libs/strategy/study.ts";
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

const FIRST = FLAT_CANDLES;

/** Trades the marks of the rows, which follow sixty flat candles. */
function run(rows: readonly Row[], rules: Partial<TradeRules> = {}, funding: FundingRates | null = null) {
  const options = { strategies: [MARKED], rules: { ...DEFAULT_TRADE_RULES, ...rules } };
  const result = backtest(markedInput(rows, funding), options);
  const found = result.strategies.MARKED;
  if (found === undefined) throw new Error("the strategy has a result");
  return { ...found, bestStrategy: result.bestStrategy };
}

const FREE = { takerFeePercent: 0, slippagePercent: 0 };

describe("a trade", () => {
  it("fills at the next open with slippage, and pays fees on both sides", () => {
    const { trades } = run([LONG, [100.1, 103, 100, 103]]);
    const fill = 100.1 * 1.0001;
    const exit = 102 * 0.9999;
    const quantity = 1000 / fill;
    expect(trades).toHaveLength(1);
    expect(trades[0]).toMatchObject({
      exitReason: "take_profit",
      entryPrice: 100,
      stopLoss: 99,
      takeProfit: 102,
    });
    expect(trades[0]?.fillPrice).toBeCloseTo(fill, 10);
    expect(trades[0]?.exitPrice).toBeCloseTo(exit, 10);
    expect(trades[0]?.net).toBeCloseTo(quantity * (exit - fill) - 0.00055 * quantity * (fill + exit), 9);
  });

  it("tries the stop before the target in one candle", () => {
    expect(run([LONG, [100, 103, 98, 100]]).trades[0]).toMatchObject({ exitReason: "stop_loss" });
    expect(run([SHORT, [100, 103, 97, 100]]).trades[0]).toMatchObject({ exitReason: "stop_loss" });
  });

  it("fills the stop at the open when the candle gaps through it", () => {
    expect(run([LONG, FLAT, [97, 98, 96, 97]], FREE).trades[0]?.exitPrice).toBe(97);
    expect(run([SHORT, FLAT, [104, 105, 103, 104]], FREE).trades[0]?.exitPrice).toBe(104);
  });

  it("fills the target at the open when the candle gaps beyond it", () => {
    expect(run([LONG, FLAT, [105, 106, 104, 105]], FREE).trades[0]?.exitPrice).toBe(105);
    expect(run([SHORT, FLAT, [95, 96, 94, 95]], FREE).trades[0]?.exitPrice).toBe(95);
  });

  it("is skipped and counted when the next candle opens beyond the tolerance", () => {
    const { trades, figures } = run([LONG, [100.51, 103, 100.5, 103], FLAT]);
    expect(trades).toHaveLength(0);
    expect(figures.skippedEntries).toBe(1);
    expect(run([LONG, [100.49, 103, 100, 103], FLAT]).trades).toHaveLength(1);
    expect(run([LONG, [125, 125, 125, 125]], { entryTolerancePercent: 25 }).figures.skippedEntries).toBe(0);
  });

  it("may follow in the candle in which the one before ended", () => {
    const exitAndSignal: Row = [100, 102, 100, 100, 2];
    const { trades } = run([LONG, FLAT, exitAndSignal, [100, 100, 98, 98]]);
    expect(trades.map((trade) => trade.side)).toEqual(["LONG", "SHORT"]);
    expect(trades[1]?.entryMs).toBe((FIRST + 3) * MINUTE_MS);
  });

  it("ignores signals while it is open", () => {
    expect(run([LONG, [100, 100, 100, 100, 2], FLAT, [100, 102, 100, 102]]).trades).toHaveLength(1);
  });

  it("still open at the end is apart and counts in no figure", () => {
    const { trades, openTrade, figures, bestStrategy } = run([LONG, FLAT, FLAT]);
    expect(trades).toHaveLength(0);
    expect(openTrade).toMatchObject({ side: "LONG", entryMs: (FIRST + 1) * MINUTE_MS, entryPrice: 100 });
    expect(figures).toMatchObject({
      totalTrades: 0,
      winRate: null,
      avgWin: null,
      profitFactor: null,
      fees: 0,
    });
    expect(bestStrategy).toBe("NONE");
    expect(run([SHORT, FLAT, FLAT]).openTrade).toMatchObject({ side: "SHORT", entryPrice: 100 });
  });

  it("ends at the liquidation price on the way to a stop beyond it, though the price recovers", () => {
    const rules = { ...FREE, stopLossPercent: 12 };
    for (const [mark, touched, spared] of [
      [LONG, [100, 100, 90.5, 100], [100, 100, 90.51, 100]],
      [SHORT, [100, 109.5, 100, 100], [100, 109.49, 100, 100]],
    ] as const) {
      const recovery: Row = mark === LONG ? [100, 103, 100, 103] : [100, 100, 97, 97];
      const { trades } = run([mark, FLAT, touched, recovery], rules);
      expect(trades[0]).toMatchObject({ exitReason: "liquidation", net: -100 });
      expect(trades[0]?.exitMs).toBe((FIRST + 2) * MINUTE_MS);
      expect(trades[0]?.exitPrice).toBeCloseTo(mark === LONG ? 90.5 : 109.5, 9);
      expect(run([mark, FLAT, spared, recovery], rules).trades[0]?.exitReason).toBe("take_profit");
    }
  });

  it("has its liquidation price by the fill, the leverage and the maintenance margin rate", () => {
    const levels = (rules: Partial<TradeRules>) =>
      [LONG, SHORT].map((mark) => run([mark, [100.1, 100.1, 100, 100]], rules).openTrade?.liquidationPrice);
    expect(levels({ leverage: 10 })[0]).toBeCloseTo(100.1 * 1.0001 * 0.905, 9);
    expect(levels({ leverage: 10 })[1]).toBeCloseTo(100.1 * 0.9999 * 1.095, 9);
    expect(levels({ ...FREE, leverage: 1, maintenanceMarginPercent: 1 })[0]).toBeCloseTo(100.1 * 0.01, 9);
    expect(levels({ ...FREE, leverage: 100 })[1]).toBeCloseTo(100.1 * 1.005, 9);
  });

  it("ends at the open of a candle that opens beyond the target, before it falls to the stop", () => {
    const [long] = run([LONG, FLAT, [104, 104.5, 98, 99]], FREE).trades;
    expect(long).toMatchObject({ exitReason: "take_profit", exitPrice: 104 });
    expect(long?.net).toBeCloseTo(40, 9);
    const [short] = run([SHORT, FLAT, [96, 102, 95.5, 101]], FREE).trades;
    expect(short).toMatchObject({ exitReason: "take_profit", exitPrice: 96 });
    expect(run([LONG, FLAT, [102, 104.5, 98, 99]], FREE).trades[0]?.exitReason).toBe("take_profit");
    expect(run([LONG, FLAT, [104, 104.5, 98, 99]]).ambiguity.trades).toBe(0);
  });

  it("loses the margin and no more when the loss exceeds it", () => {
    const [trade] = run([LONG, FLAT, [85, 86, 84, 85]]).trades;
    expect(trade).toMatchObject({ exitReason: "liquidation", net: -100 });
  });

  it("pays funding for settlements after its entry and up to its exit candle's opening", () => {
    const at = (k: number) => (FIRST + k) * MINUTE_MS;
    // Entry candle opens at 1, exit candle at 4. The settlements at 1 and at 5 do not count.
    const times = [at(1), at(2), at(4), at(5)];
    const funding = {
      length: 4,
      timeMs: Float64Array.from(times),
      rate: Float64Array.from([1, 0.001, -0.002, 1]),
    };
    const rows: Row[] = [
      LONG,
      [100, 101, 100, 101],
      [101, 101, 101, 101],
      [101, 101, 100.5, 100.5],
      [100.5, 102, 100, 102],
      FLAT,
    ];
    const [trade] = run(rows, FREE, funding).trades;
    // Closes of the candles that end at those moments: 101 and 100.5; 10 contracts.
    expect(trade?.funding).toBeCloseTo(-10 * 101 * 0.001 + 10 * 100.5 * 0.002, 9);
    expect(trade?.net).toBeCloseTo(20 + (trade?.funding ?? 0), 9);
  });
});

describe("a settlement off the minute", () => {
  it.each([3, 999, -3, -999, 0])("by %i ms counts on the minute", (offMs) => {
    const rows: Row[] = [LONG, FLAT, [100, 101, 100, 101], [101, 103, 101, 103]];
    const paid = (k: number, ms: number) => {
      const funding = {
        length: 1,
        timeMs: Float64Array.of((FIRST + k) * MINUTE_MS + ms),
        rate: Float64Array.of(0.001),
      };
      return run(rows, FREE, funding).trades[0]?.funding;
    };
    // Entered when candle 1 opened, which is no settlement of the trade; ended in candle 3, whose opening is one.
    expect(paid(1, offMs)).toBe(0);
    expect(paid(3, offMs)).toBeCloseTo(-10 * 101 * 0.001, 9);
    expect(paid(3, 1000)).toBe(0);
  });
});

describe("figures", () => {
  it("are those of the trades", () => {
    const win: Row[] = [LONG, [100, 102, 100, 100]];
    const loss: Row[] = [LONG, [100, 100, 99, 100]];
    const { figures } = run([...win, ...loss, ...loss, ...win, FLAT], FREE);
    expect(figures).toMatchObject({ totalTrades: 4, wins: 2, losses: 2, winRate: 50, confidenceAvg: 70 });
    expect(figures.totalPnl).toBeCloseTo(20, 9);
    expect(figures.maxDrawdown).toBeCloseTo(20, 9);
    expect(figures.profitFactor).toBeCloseTo(2, 9);
    expect(figures.holdingMinutesAvg).toBe(1);
    expect(run([...win, FLAT], FREE).figures).toMatchObject({ profitFactor: null, avgLoss: null });
  });
});

describe("a simulation", () => {
  const simulated = (rows: readonly Row[], strategy: Strategy, endIndex?: number) =>
    simulate(makeStudy(markedInput(rows)), strategy, {
      parameters: {},
      rules: DEFAULT_TRADE_RULES,
      tickSize: undefined,
      firstIndex: FIRST,
      endIndex,
    });

  it("sees no candle from its end on", () => {
    for (const [mark, exit] of [
      [LONG, [100, 103, 100, 103]],
      [SHORT, [100, 100, 97, 97]],
    ] as const) {
      const rows: Row[] = [mark, FLAT, exit, FLAT];
      expect(simulated(rows, MARKED, FIRST + 3).trades).toHaveLength(1);
      expect(simulated(rows, MARKED, FIRST + 2)).toMatchObject({
        trades: [],
        openTrade: { entryPrice: 100 },
      });
      expect(simulated(rows, MARKED, FIRST + 1)).toMatchObject({ trades: [], openTrade: null });
    }
  });

  it("asks a strategy only where its gate is open, and trades what it says there", () => {
    const asked: number[] = [];
    const gated: Strategy = {
      ...MARKED,
      decide: (view, parameters) => {
        asked.push(view.close());
        return MARKED.decide(view, parameters);
      },
      gate: () => ({ changeWindow: 2, changePercent: 0.3, rsiAtMost: -Infinity, rsiAtLeast: Infinity }),
    };
    const rows: Row[] = [
      FLAT,
      [100, 100.4, 100, 100.4],
      FLAT,
      [100, 100.5, 100, 100.5, 1],
      [100.5, 103, 100.5, 103],
      [103, 103, 103, 103],
      // The last candle signals, and has no next one to enter at.
      [103, 104, 103, 104, 1],
    ];
    const { trades, openTrade } = simulated(rows, gated);
    expect(trades.map(({ entryPrice }) => entryPrice)).toEqual([100.5]);
    expect(openTrade).toBeNull();
    expect(asked).toEqual([100.4, 100, 100.5, 103]);
  });
});
