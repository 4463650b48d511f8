import { describe, expect, it } from "vitest";
import { objectiveValue, ranking } from "#libs/backtest/search/objective.ts";
import {
  markedToClose,
  pooled,
  type Score,
  ScoreTable,
  scoreOf,
  sharpeOf,
} from "#libs/backtest/search/score.ts";

const CLOSED = { open: 0, openPnl: 0 };
const score = (over: Partial<Score> = {}): Score => ({
  trades: 4,
  wins: 2,
  pnl: 8,
  deviation: 2,
  ...CLOSED,
  ...over,
});

describe("a score", () => {
  it("counts trades, wins, PnL and the deviation of a trade", () => {
    expect(scoreOf([1, -1, 0, 4])).toEqual({
      ...{ trades: 4, wins: 2, pnl: 4, deviation: Math.sqrt(14 / 3) },
      ...CLOSED,
    });
    expect(scoreOf([])).toEqual({ trades: 0, wins: 0, pnl: 0, deviation: 0, ...CLOSED });
  });

  it("keeps a position that is still open apart from its trades", () => {
    expect(scoreOf([1, -1], -40.88)).toEqual({ ...scoreOf([1, -1]), open: 1, openPnl: -40.88 });
    expect(scoreOf([1, -1], 0)).toMatchObject({ open: 1, openPnl: 0 });
  });

  it("marked to the close is that of all its trades and the position left at the close", () => {
    for (const openNet of [-40.88, 0, 7]) {
      const marked = markedToClose(scoreOf([1, -2, 3], openNet));
      const whole = scoreOf([1, -2, 3, openNet]);
      expect(marked).toMatchObject({ trades: 4, wins: whole.wins, ...CLOSED });
      expect(marked.pnl).toBeCloseTo(whole.pnl, 12);
      expect(marked.deviation).toBeCloseTo(whole.deviation, 12);
    }
    expect(markedToClose(score())).toEqual(score());
    expect(markedToClose(scoreOf([], 5))).toEqual({ trades: 1, wins: 1, pnl: 5, deviation: 0, ...CLOSED });
  });

  it("knows no deviation of one trade, or of equal ones up to rounding", () => {
    expect(scoreOf([5]).deviation).toBe(0);
    expect(scoreOf([-11.3, -11.3 - 1e-14, -11.3 + 1e-14]).deviation).toBe(0);
    expect(sharpeOf(scoreOf([3, 3]))).toBeNull();
    expect(sharpeOf(score())).toBe(1);
  });

  it("has no Sharpe ratio of trades that ended alike: their spread is that of costs", () => {
    expect(sharpeOf(score({ pnl: -40, deviation: 0.49 }))).toBeNull();
    expect(sharpeOf(score({ pnl: -40, deviation: 0.5 }))).toBe(-20);
  });

  it("of segments together is that of all their trades", () => {
    const parts = [[1, -2, 3], [], [7], [-4, -4, 9, 2]];
    const whole = scoreOf(parts.flat());
    const together = pooled(parts.map((nets) => scoreOf(nets, 2)));
    expect(together).toMatchObject({ trades: whole.trades, wins: whole.wins, pnl: whole.pnl });
    expect(together.deviation).toBeCloseTo(whole.deviation, 12);
    expect(together).toMatchObject({ open: 4, openPnl: 8 });
  });

  it("of equal trades together has no deviation", () => {
    expect(pooled([scoreOf([-11.3, -11.3]), scoreOf([-11.3 - 1e-14])]).deviation).toBe(0);
    expect(pooled([])).toEqual({ trades: 0, wins: 0, pnl: 0, deviation: 0, ...CLOSED });
    expect(pooled([scoreOf([4])]).deviation).toBe(0);
  });

  it("is kept in a table where it was put", () => {
    const table = new ScoreTable(3, 2);
    table.put(1, 1, score({ pnl: 1 }));
    table.put(2, 0, score({ pnl: 2, open: 1, openPnl: -3 }));
    const whole = new ScoreTable(5, 2);
    whole.putAll(2, table);
    expect(whole.get(3, 1)).toEqual(score({ pnl: 1 }));
    expect(whole.get(4, 0)).toEqual(score({ pnl: 2, open: 1, openPnl: -3 }));
    expect(whole.get(0, 0)).toEqual({ trades: 0, wins: 0, pnl: 0, deviation: 0, ...CLOSED });
    expect(() => new ScoreTable(2, 2, new Float64Array(15))).toThrow(
      /15 numbers are not the scores of 2 sets/,
    );
  });
});

describe("an objective", () => {
  it.each([
    ["pnl", 8],
    ["mean", 2],
    ["sharpe", 1],
    ["t", 2],
  ] as const)("%s of four trades of $2 on average with a deviation of $2 is %d", (objective, value) => {
    expect(objectiveValue(score(), objective)).toBe(value);
  });

  it("is not defined without a trade, nor by Sharpe without a deviation", () => {
    for (const objective of ["pnl", "mean", "sharpe", "t"] as const) {
      expect(objectiveValue(scoreOf([]), objective)).toBeNull();
    }
    expect(objectiveValue(score({ deviation: 0 }), "sharpe")).toBeNull();
    expect(objectiveValue(score({ deviation: 0 }), "t")).toBeNull();
    expect(objectiveValue(score({ deviation: 0 }), "pnl")).toBe(8);
  });

  it.each([
    ["pnl", 4],
    ["mean", 0.8],
  ] as const)("%s counts an open position as left at the last close", (objective, value) => {
    expect(objectiveValue(score({ open: 1, openPnl: -4 }), objective)).toBeCloseTo(value, 12);
    expect(objectiveValue(scoreOf([], -4), objective)).toBe(-4);
  });

  it("by Sharpe counts an open position as one more trade", () => {
    const marked = scoreOf([1, 4, -2, 3, -6]);
    const value = objectiveValue(scoreOf([1, 4, -2, 3], -6), "sharpe");
    expect(value).toBeCloseTo(sharpeOf(marked) ?? Number.NaN, 12);
    expect(objectiveValue(scoreOf([1, 4, -2, 3], -6), "t")).toBeCloseTo((value ?? 0) * Math.sqrt(5), 12);
  });

  it("does not choose the set that holds its losses", () => {
    const scores = [score({ pnl: 9, open: 1, openPnl: -8 }), score({ pnl: 3 })];
    expect(ranking(scores, { objective: "pnl", minTrades: 4 })).toEqual([1, 0]);
    // An open position proves nothing.
    expect(ranking([score({ trades: 3, open: 1 })], { objective: "pnl", minTrades: 4 })).toEqual([]);
  });

  it("ranks the best first, of equal ones the earlier", () => {
    const scores = [score({ pnl: 1 }), score({ pnl: 9 }), score({ pnl: 9 }), score({ pnl: -3 })];
    expect(ranking(scores, { objective: "pnl", minTrades: 4 })).toEqual([1, 2, 0, 3]);
  });

  it("leaves out sets with too few trades or without a value", () => {
    const scores = [score({ trades: 3, pnl: 99 }), score({ deviation: 0, pnl: 99 }), score()];
    expect(ranking(scores, { objective: "sharpe", minTrades: 4 })).toEqual([2]);
    expect(ranking(scores, { objective: "sharpe", minTrades: 5 })).toEqual([]);
  });
});
