import { describe, expect, it } from "vitest";
import { type BacktestOptions, backtest } from "#libs/backtest/backtest.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { FLAT, LONG, MARKED, markedInput, type Row } from "#test/support/factories/marked-market.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const FREE = { ...DEFAULT_TRADE_RULES, takerFeePercent: 0, slippagePercent: 0 };
const WIN: readonly Row[] = [LONG, [100, 102, 100, 100]];
const LOSS: readonly Row[] = [LONG, [100, 100, 99, 100]];

/** Signals LONG on the given candles only. */
function longAt(name: string, ...indexes: number[]): Strategy {
  return {
    name,
    description: "made for tests",
    defaults: {},
    decide: (view) => {
      const index = Array.from({ length: 200 }, (_, back) => back).find((back) => isFirst(back));
      return indexes.includes(index ?? -1)
        ? { kind: "signal", side: "LONG", confidence: 70, reasons: [] }
        : { kind: "none", reason: "not here" };
      function isFirst(back: number): boolean {
        try {
          view.close(back + 1);
          return false;
        } catch {
          return true;
        }
      }
    },
  };
}

describe("a backtest", () => {
  it("trades the whole registry unless told otherwise", () => {
    const input = madeInput({ timeframe: "15m", length: 6_000 });
    expect(Object.keys(backtest(input).strategies)).toEqual(["BASIC", "ADVANCED"]);
    expect(Object.keys(backtest(input, { strategies: [MARKED] }).strategies)).toEqual(["MARKED"]);
  });

  it("covers all candles, the first sixty of which only warm up", () => {
    const result = backtest(markedInput([FLAT, FLAT, FLAT]), { strategies: [MARKED] });
    expect(result).toMatchObject({ candles: 63, fromMs: 0, toMs: 63 * MINUTE_MS, bestStrategy: "NONE" });
    const entries = (indexes: readonly number[]) => {
      const strategy = longAt("LATE", ...indexes);
      return backtest(markedInput([FLAT, FLAT, FLAT]), { strategies: [strategy] }).strategies.LATE;
    };
    expect(entries([58, 59])?.openTrade).toBeNull();
    expect(entries([60])?.openTrade?.entryMs).toBe(61 * MINUTE_MS);
    // The last candle has no next one to enter at.
    expect(entries([61])?.openTrade?.entryMs).toBe(62 * MINUTE_MS);
    expect(entries([62])?.openTrade).toBeNull();
  });

  it.each([
    [61, 2, 61],
    [63, 0, 63],
    [500, 0, 63],
    [-5, 63, 0],
    [30, 33, 30],
  ])("begins its window at candle %d", (firstIndex, candles, first) => {
    const result = backtest(markedInput([FLAT, FLAT, FLAT]), { strategies: [MARKED], firstIndex });
    expect(result).toMatchObject({ candles, fromMs: first * MINUTE_MS, toMs: 63 * MINUTE_MS });
  });

  it("decides nothing before its window", () => {
    const input = markedInput([...WIN, ...WIN, FLAT]);
    const trades = (firstIndex: number) =>
      backtest(input, { strategies: [MARKED], firstIndex }).strategies.MARKED?.trades.map(
        ({ signalMs }) => signalMs / MINUTE_MS,
      );
    expect(trades(0)).toEqual([61, 63]);
    expect(trades(60)).toEqual([61, 63]);
    expect(trades(61)).toEqual([63]);
    expect(trades(63)).toEqual([]);
  });

  it("trades by the rules, the tick and the parameters that are given", () => {
    const input = markedInput([...LOSS, FLAT]);
    const run = (options: BacktestOptions) => backtest(input, { strategies: [MARKED], ...options });
    expect(run({}).strategies.MARKED?.trades[0]).toMatchObject({ stopLoss: 99, exitReason: "stop_loss" });
    expect(run({ rules: { ...FREE, stopLossPercent: 2 } }).strategies.MARKED?.openTrade?.stopLoss).toBe(98);
    expect(run({ tickSize: "3" }).strategies.MARKED?.openTrade).toBeNull();
    expect(
      run({ tickSize: "3", rules: { ...FREE, entryTolerancePercent: 2 } }).strategies.MARKED?.trades[0],
    ).toMatchObject({ entryPrice: 99, stopLoss: 99, takeProfit: 102 });
    expect(() => run({ parameters: { MARKED: { nothing: 1 } } })).toThrow(/MARKED has no parameter nothing/);
    expect(() => run({ parameters: { OTHER: { nothing: 1 } } })).not.toThrow();
    expect(() => run({ detail: madeCandles({ length: 5, intervalMs: 5 * MINUTE_MS }) })).toThrow(RangeError);
  });
});

describe("the best strategy", () => {
  const best = (rows: readonly Row[], ...strategies: Strategy[]) =>
    backtest(markedInput(rows), { strategies, rules: FREE }).bestStrategy;

  it("is the one that earned the most", () => {
    const rows = [...WIN, ...LOSS, FLAT];
    const [first, second] = [longAt("FIRST", 60), longAt("SECOND", 62)];
    expect(best(rows, first, second)).toBe("FIRST");
    expect(best(rows, second, first)).toBe("FIRST");
  });

  it("is not the one that won more often and earned less", () => {
    const rows = [...WIN, ...WIN, ...LOSS, FLAT];
    const [more, often] = [longAt("MORE", 60, 62, 64), longAt("OFTEN", 60)];
    expect(best(rows, more, often)).toBe("MORE");
    expect(best(rows, often, more)).toBe("MORE");
  });

  it("may have lost, when no other earned more", () => {
    expect(best([...WIN, ...LOSS, FLAT], longAt("LOSES", 62), longAt("RESTS"))).toBe("LOSES");
    expect(best([...WIN, ...LOSS, FLAT], longAt("RESTS"), longAt("LOSES", 62))).toBe("LOSES");
  });

  it("is the one that won more often when two earned the same, and else the earlier one", () => {
    // One win of 20 less two losses of 10, against one win of 20 less one loss of 20 that gaps through its stop.
    const rows: Row[] = [...WIN, ...LOSS, ...LOSS, [100, 100, 100, 100], [98, 98, 98, 98], FLAT];
    const often = longAt("OFTEN", 60, 65);
    const seldom = longAt("SELDOM", 60, 62, 64);
    const rates = backtest(markedInput(rows), { strategies: [often, seldom], rules: FREE }).strategies;
    expect(rates.OFTEN?.figures.winRate).toBeCloseTo(50, 9);
    expect(rates.SELDOM?.figures.winRate).toBeCloseTo(100 / 3, 9);
    expect(rates.OFTEN?.figures.totalPnl).toBe(rates.SELDOM?.figures.totalPnl);
    expect(best(rows, often, seldom)).toBe("OFTEN");
    expect(best(rows, seldom, often)).toBe("OFTEN");
    expect(best(rows, longAt("ONE", 60), longAt("TWO", 60))).toBe("ONE");
  });

  it("is none when nobody traded", () => {
    expect(best([FLAT, FLAT], MARKED, longAt("RESTS"))).toBe("NONE");
  });
});
