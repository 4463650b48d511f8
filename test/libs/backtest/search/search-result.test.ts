import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import { assignmentOf, ConfigurationMaker } from "#libs/backtest/search/configuration.ts";
import { type Choice, objectiveValue } from "#libs/backtest/search/objective.ts";
import { scanConfigurations } from "#libs/backtest/search/scan-configurations.ts";
import { pooled, type Score, sharpeOf } from "#libs/backtest/search/score.ts";
import { pnlPerDay, searchResult, segmentsOf } from "#libs/backtest/search/search-result.ts";
import { gridSets } from "#libs/backtest/search/search-space.ts";
import { layWindows } from "#libs/backtest/search/walk-forward.ts";
import { sharpeVarianceOf } from "#libs/backtest/statistics/sharpe-ratio.ts";
import { statisticsOf } from "#libs/backtest/statistics/statistics.ts";
import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { inputUntil, madeInput } from "#test/support/factories/study-inputs.ts";

const INPUT = madeInput({ timeframe: "5m", length: 26_000, volatilityPercent: 0.16, seed: 1 });
const PARAMETERS = [
  { name: "trend.threshold", values: [70, 75, 80] },
  { name: "zoneDistancePercent", values: [0.5, 1, 1.5] },
  { name: "rules.takeProfitPercent", values: [1, 2] },
];
const SETS = gridSets(PARAMETERS);

function search(input: StudyInput, choice: Partial<Choice> = {}, top = 1) {
  const walkForward = layWindows(input.candles.length, {
    trainCandles: 1800,
    testCandles: 700,
    warmUpCandles: 500,
    anchored: false,
  });
  if (walkForward === null) throw new Error("the candles suffice");
  const strategy: Strategy = ADVANCED;
  const maker = new ConfigurationMaker(strategy, DEFAULT_TRADE_RULES);
  const configurations = SETS.map((set) => maker.make(assignmentOf([], PARAMETERS, set)));
  const study = makeStudy(input);
  const scores = scanConfigurations({ study, strategy, configurations, segments: segmentsOf(walkForward) });
  const usual = maker.make([]);
  const result = searchResult({
    study,
    strategy,
    configurations,
    usual,
    walkForward,
    scores,
    choice: { objective: "pnl", minTrades: 3, ...choice },
    top,
  });
  return { result, scores, walkForward, configurations };
}

/** PnL with the position open at the segment's end left at its last close. */
const marked = ({ pnl, openPnl }: Score): number => pnl + openPnl;

/** The candles from a moment on turned upside down about the last price before it. */
function altered(input: StudyInput, i: number): StudyInput {
  const fromMs = openTimeMs(input.candles, i);
  const pivot = (input.candles.close[i - 1] ?? 1) ** 2;
  const turned = (candles: Candles): Candles => {
    const first = Math.max(0, Math.floor((fromMs - candles.startMs) / candles.intervalMs));
    const at = (column: Float64Array) => column.map((price, k) => (k < first ? price : pivot / price));
    return {
      ...candles,
      open: at(candles.open),
      close: at(candles.close),
      high: at(candles.low),
      low: at(candles.high),
    };
  };
  const exact = turned(input.candles);
  const upTo = (candles: Candles, column: "high" | "low", other: "high" | "low") =>
    exact[column].map((price, k) =>
      k < i ? (input.candles[column][k] ?? price) : pivot / (candles[other][k] ?? price),
    );
  const candles = {
    ...exact,
    high: upTo(input.candles, "high", "low"),
    low: upTo(input.candles, "low", "high"),
  };
  const frames = new Map(
    [...input.frameCandles].map(([ms, series]) => {
      const first = Math.floor((fromMs - series.startMs) / series.intervalMs);
      const changed = (column: Float64Array, other: Float64Array) =>
        column.map((price, k) => (k < first ? price : pivot / (other[k] ?? price)));
      return [
        ms,
        {
          ...series,
          open: changed(series.open, series.open),
          high: changed(series.high, series.low),
          low: changed(series.low, series.high),
          close: changed(series.close, series.close),
          volume: series.volume,
        },
      ];
    }),
  );
  return { ...input, candles, frameCandles: frames };
}

describe("a walk-forward search", () => {
  const searched = () => search(INPUT, {}, 4);
  const count = 4;

  it("chooses in each window the set that earned most before it", () => {
    const { result, scores } = searched();
    expect(result.windows).toHaveLength(count);
    for (const [k, window] of result.windows.entries()) {
      const train = SETS.map((_, set) => scores.get(set, 2 * k));
      const best = Math.max(...train.filter(({ trades }) => trades >= 3).map(marked));
      const found = window.ranked.map(({ inSample }) => marked(inSample));
      expect(found).toHaveLength(4);
      expect(found[0]).toBe(best);
      expect((window.inSample?.figures.totalPnl ?? 0) + (window.inSample?.openPnl ?? 0)).toBe(best);
      expect(found).toEqual(found.toSorted((a, b) => b - a));
    }
  });

  it("trades the choice in the next window as a backtest of those candles does, trade by trade", () => {
    const { result, configurations } = searched();
    for (const { window, ranked, outOfSample, inSample } of result.windows) {
      const chosen = configurations[ranked[0]?.set ?? -1];
      if (chosen === undefined) throw new Error("a set was chosen");
      for (const [segment, earned] of [
        [window.test, outOfSample],
        [window.train, inSample],
      ] as const) {
        const known = inputUntil(INPUT, openTimeMs(INPUT.candles, segment.end));
        const { strategies } = backtest(known, {
          strategies: [{ ...ADVANCED, defaults: chosen.parameters } as Strategy],
          rules: chosen.rules,
          firstIndex: segment.from,
        });
        expect(earned?.trades).toEqual(strategies.ADVANCED?.trades);
        expect(earned?.figures).toEqual(strategies.ADVANCED?.figures);
        expect(earned?.open).toBe(strategies.ADVANCED?.openTrade === null ? 0 : 1);
        expect(earned?.openPnl).toBe(strategies.ADVANCED?.openWorth?.net ?? 0);
      }
    }
    expect(result.outOfSample.trades.length).toBeGreaterThan(10);
    const sum = (amounts: readonly (number | undefined)[]) =>
      amounts.reduce<number>((a, b) => a + (b ?? 0), 0);
    expect(result.outOfSample.open).toBe(sum(result.windows.map(({ outOfSample }) => outOfSample?.open)));
    expect(result.outOfSample.openPnl).toBeCloseTo(
      sum(result.windows.map(({ outOfSample }) => outOfSample?.openPnl)),
      9,
    );
    expect(result.outOfSample.open + result.inSample.open).toBeGreaterThan(0);
  });

  it("chooses the same whatever comes after a train window", () => {
    const { result } = searched();
    for (const [k, { window }] of result.windows.entries()) {
      const other = search(altered(INPUT, window.train.end), {}, 4).result;
      expect(other.windows[k]?.ranked.map(({ set, inSample }) => ({ set, inSample }))).toEqual(
        result.windows[k]?.ranked.map(({ set, inSample }) => ({ set, inSample })),
      );
      expect(other.windows[k]?.inSample?.trades).toEqual(result.windows[k]?.inSample?.trades);
      expect(other.windows[k]?.outOfSample?.trades).not.toEqual(result.windows[k]?.outOfSample?.trades);
    }
  });

  it("puts the test windows behind each other, and counts the days of each", () => {
    const { result } = searched();
    const trades = result.windows.flatMap(({ outOfSample }) => outOfSample?.trades ?? []);
    expect(result.outOfSample.trades).toEqual(trades);
    expect(trades.map(({ entryMs }) => entryMs)).toEqual(trades.map(({ entryMs }) => entryMs).toSorted());
    expect(result.outOfSample.figures.totalPnl).toBeCloseTo(
      trades.reduce((sum, { net }) => sum + net, 0),
      9,
    );
    expect(result.outOfSample.days).toBeCloseTo((count * 700 * 5) / 1440, 9);
    expect(result.inSample.days).toBeCloseTo((count * 1800 * 5) / 1440, 9);
    expect(result.inSample.figures.maxDrawdown).toBe(
      Math.max(...result.windows.map(({ inSample }) => inSample?.figures.maxDrawdown ?? 0)),
    );
    expect(result.outOfSample.sharpe).toBe(statisticsOf(trades).sharpe);
  });

  it("says what the usual parameters earn on the same test windows", () => {
    const { result, walkForward } = searched();
    const trades = walkForward.windows.flatMap(({ test }) => {
      const known = inputUntil(INPUT, openTimeMs(INPUT.candles, test.end));
      return (
        backtest(known, { strategies: [ADVANCED], firstIndex: test.from }).strategies.ADVANCED?.trades ?? []
      );
    });
    expect(result.usual.trades).toEqual(trades);
  });

  it("knows in its deflated Sharpe ratio how many sets were tried and how far they lie apart", () => {
    const { result, scores } = searched();
    expect(result.significance.trials).toBe(SETS.length);
    const alone = SETS.map((_, set) =>
      sharpeOf(pooled(result.windows.map((_, k) => scores.get(set, 2 * k + 1)))),
    );
    const trials = { count: SETS.length, sharpeVariance: sharpeVarianceOf(alone) };
    expect(result.significance).toEqual(statisticsOf(result.outOfSample.trades, trials));
    const [first] = result.windows;
    const train = {
      count: SETS.length,
      sharpeVariance: sharpeVarianceOf(SETS.map((_, set) => sharpeOf(scores.get(set, 0)))),
    };
    expect(first?.inSampleSignificance).toEqual(statisticsOf(first?.inSample?.trades ?? [], train));
  });

  it("compares a day on the test windows with a day on the train windows", () => {
    const { result } = searched();
    const expected = (pnlPerDay(result.outOfSample) ?? 0) / (pnlPerDay(result.inSample) ?? 0);
    if (result.inSample.figures.totalPnl > 0) expect(result.efficiency).toBeCloseTo(expected, 12);
    else expect(result.efficiency).toBeNull();
    expect(pnlPerDay({ ...result.inSample, days: 0 })).toBeNull();
  });

  it("counts profitable windows, different sets, and those kept from window to window", () => {
    const { result } = searched();
    const chosen = result.windows.map(({ ranked }) => ranked[0]?.set);
    expect(result.differentSets).toBe(new Set(chosen).size);
    expect(result.keptPercent).toBe(
      (chosen.filter((set, k) => k > 0 && set === chosen[k - 1]).length * 100) / 3,
    );
    expect(result.tradedWindows).toBe(4);
    expect(result.profitableWindows).toBe(
      result.windows.filter(({ outOfSample }) => (outOfSample?.figures.totalPnl ?? 0) > 0).length,
    );
  });

  it("says how many of the other sets the choice has beaten, equal ones half", () => {
    const { result, scores } = searched();
    for (const [k, { ranked, betterThanPercent }] of result.windows.entries()) {
      const mine = marked(ranked[0]?.outOfSample ?? scores.get(0, 0));
      const others = SETS.map((_, set) => set).filter((set) => set !== ranked[0]?.set);
      const pnls = others.map((set) => marked(scores.get(set, 2 * k + 1)));
      const beaten = pnls.filter((pnl) => pnl < mine).length + pnls.filter((pnl) => pnl === mine).length / 2;
      expect(betterThanPercent).toBeCloseTo((beaten * 100) / others.length, 9);
    }
  });

  it("chooses for what comes next on the candles up to the end", () => {
    const { result, scores } = searched();
    const last = SETS.map((_, set) => scores.get(set, 2 * count));
    const best = Math.max(...last.filter(({ trades }) => trades >= 3).map(marked));
    expect(result.next.train.end).toBe(INPUT.candles.length);
    expect((result.next.inSample?.figures.totalPnl ?? 0) + (result.next.inSample?.openPnl ?? 0)).toBe(best);
    expect(result.next.significance?.trials).toBe(SETS.length);
  });

  it("trades nothing in a window in which no set has enough trades", () => {
    const { result } = searched();
    const none = search(INPUT, { minTrades: 100_000 }).result;
    expect(none.windows.every(({ ranked, outOfSample }) => ranked.length === 0 && outOfSample === null)).toBe(
      true,
    );
    expect(none.outOfSample.figures.totalTrades).toBe(0);
    expect(none).toMatchObject({
      efficiency: null,
      tradedWindows: 0,
      profitableWindows: 0,
      differentSets: 0,
      keptPercent: null,
      next: { set: null, inSample: null, significance: null },
    });
    expect(none.windows[0]).toMatchObject({
      inSample: null,
      inSampleSignificance: null,
      betterThanPercent: null,
    });
    expect(none.usual.trades).toEqual(result.usual.trades);
  });

  it("follows the objective", () => {
    const { scores } = searched();
    const bySharpe = search(INPUT, { objective: "sharpe" }).result;
    for (const [k, { ranked }] of bySharpe.windows.entries()) {
      const known = SETS.map((_, set) => scores.get(set, 2 * k)).filter(({ trades }) => trades >= 3);
      const value = (score: Score) => objectiveValue(score, "sharpe") ?? Number.NEGATIVE_INFINITY;
      expect(value(ranked[0]?.inSample ?? scores.get(0, 0))).toBe(Math.max(...known.map(value)));
    }
  });
});
