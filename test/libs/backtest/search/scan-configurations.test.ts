import { describe, expect, it } from "vitest";
import { backtest } from "#libs/backtest/backtest.ts";
import { assignmentOf, type Configuration, ConfigurationMaker } from "#libs/backtest/search/configuration.ts";
import { scanConfigurations } from "#libs/backtest/search/scan-configurations.ts";
import { scoreOf } from "#libs/backtest/search/score.ts";
import { drawnSets, gridSets, valuesInRange } from "#libs/backtest/search/search-space.ts";
import type { Segment } from "#libs/backtest/search/walk-forward.ts";
import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { BUSY } from "#test/support/factories/busy-strategy.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { inputUntil, madeInput } from "#test/support/factories/study-inputs.ts";

const INPUT = madeInput({ timeframe: "5m", length: 24_000, volatilityPercent: 0.16 });
const { length } = INPUT.candles;
/** Overlapping ones, one from before the first decision, one of two candles, and the end of the file. */
const STRETCHES: readonly Segment[] = [
  { from: 0, end: 900 },
  { from: 300, end: 2400 },
  { from: 2400, end: 3300 },
  { from: 1200, end: 3300 },
  { from: 3300, end: 3302 },
  { from: 3300, end: length },
];

/** What the backtest says of the candles up to the segment's end, which is all that it is given. */
function alone(
  input: StudyInput,
  strategy: Strategy,
  { parameters, rules }: Configuration,
  segment: Segment,
  detail?: Candles,
  tickSize?: string,
) {
  const known = inputUntil(input, openTimeMs(input.candles, segment.end));
  const fixed: Strategy = { ...strategy, defaults: parameters };
  const { strategies } = backtest(known, {
    strategies: [fixed],
    rules,
    firstIndex: segment.from,
    ...(detail === undefined ? {} : { detail }),
    ...(tickSize === undefined ? {} : { tickSize }),
  });
  const { trades = [], openWorth = null } = strategies[strategy.name] ?? {};
  return scoreOf(
    trades.map(({ net }) => net),
    openWorth?.net ?? null,
  );
}

function expectTheSame(
  strategy: Strategy,
  configurations: readonly Configuration[],
  detail?: Candles,
  input = INPUT,
  tickSize?: string,
) {
  const scores = scanConfigurations({
    study: makeStudy(input),
    strategy,
    configurations,
    segments: STRETCHES,
    detail,
    tickSize,
  });
  let trades = 0;
  let open = 0;
  for (const [set, configuration] of configurations.entries()) {
    for (const [s, segment] of STRETCHES.entries()) {
      const expected = alone(input, strategy, configuration, segment, detail, tickSize);
      expect(scores.get(set, s), `set ${set} on ${segment.from} to ${segment.end}`).toEqual(expected);
      trades += expected.trades;
      open += expected.open;
    }
  }
  return { trades, open, scores };
}

function searched(strategy: Strategy, names: readonly string[]) {
  return (strategy.ranges ?? [])
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(({ name, from, to, step }) => ({ name, values: valuesInRange(from, to, step) }));
}

function configurationsOf(
  strategy: Strategy,
  names: readonly string[],
  count: number,
  rules: readonly string[] = [],
) {
  const maker = new ConfigurationMaker(strategy, DEFAULT_TRADE_RULES);
  const parameters = [
    ...searched(strategy, names),
    ...rules.map((name) => ({ name, values: [0.6, 1, 2.5] })),
  ];
  const sets = count === 0 ? gridSets(parameters) : drawnSets(parameters, count, 3);
  return sets.map((set) => maker.make(assignmentOf([], parameters, set)));
}

describe("many parameter sets in one walk", () => {
  it.each([
    ["BASIC", BASIC, ["levelTolerance", "rsiLow", "minimumWidthPercent"], 0],
    ["BASIC, everything by chance", BASIC, [], 25],
    ["ADVANCED", ADVANCED, ["zones.tolerance", "zoneDistancePercent", "trend.threshold"], 0],
    ["ADVANCED, everything by chance", ADVANCED, [], 25],
  ] as const)("earn on each segment what a backtest of each earns: %s", (_, strategy, names, count) => {
    const { trades, open } = expectTheSame(strategy, configurationsOf(strategy, names, count));
    expect(trades).toBeGreaterThan(100);
    expect(open).toBeGreaterThan(0);
  });

  it("do so with levels on the instrument's tick", () => {
    const configurations = configurationsOf(BASIC, ["bandReach"], 0);
    const tick = ((INPUT.candles.close[0] ?? 1) / 200).toPrecision(1);
    const { scores } = expectTheSame(BASIC, configurations, undefined, INPUT, tick);
    expect(scores.column).not.toEqual(expectTheSame(BASIC, configurations).scores.column);
  });

  it("do so where the margin is used up before the stop is reached", () => {
    const maker = new ConfigurationMaker(BUSY, DEFAULT_TRADE_RULES);
    const wide = [1, 10, 100].map((leverage) =>
      maker.make([
        ["rules.leverage", leverage],
        ["rules.stopLossPercent", 12],
      ]),
    );
    const { scores } = expectTheSame(BUSY, wide);
    expect(scores.get(0, 5).trades).toBeLessThan(scores.get(2, 5).trades);
  });

  it("do so with trade rules of their own", () => {
    const rules = ["rules.stopLossPercent", "rules.takeProfitPercent", "rules.entryTolerancePercent"];
    const { scores } = expectTheSame(BASIC, configurationsOf(BASIC, ["bandReach"], 0, rules));
    expect(
      new Set(Array.from({ length: scores.sets }, (_, set) => scores.get(set, 1).pnl)).size,
    ).toBeGreaterThan(5);
  });

  it("do so without a gate, where entries are skipped and on both sides of the market", () => {
    const maker = new ConfigurationMaker(BUSY, DEFAULT_TRADE_RULES);
    const tight = [0, 0.02, 0.5].map((value) => maker.make([["rules.entryTolerancePercent", value]]));
    // Opens that leave the close before.
    const open = INPUT.candles.open.map((price, i) =>
      i % 3 === 0 ? (INPUT.candles.high[i] ?? price) : price,
    );
    const input = { ...INPUT, candles: { ...INPUT.candles, open } };
    const { trades, scores } = expectTheSame(BUSY, tight, undefined, input);
    expect(trades).toBeGreaterThan(200);
    expect(scores.get(0, 1).trades).not.toBe(scores.get(2, 1).trades);
  });

  it("do so with shorter candles that decide where stop and target lie in one", () => {
    const base = madeCandles({ length: 24_000, seed: 1, volatilityPercent: 0.16 });
    const close = configurationsOf(BASIC, ["bandReach"], 0, [
      "rules.stopLossPercent",
      "rules.takeProfitPercent",
    ]);
    const narrow = close.map((one) => ({
      ...one,
      rules: { ...one.rules, stopLossPercent: 0.2, takeProfitPercent: 0.2 },
    }));
    const { scores } = expectTheSame(BASIC, narrow, base);
    const without = scanConfigurations({
      study: makeStudy(INPUT),
      strategy: BASIC,
      configurations: narrow,
      segments: STRETCHES,
    });
    expect(scores.column).not.toEqual(without.column);
  });

  it("earn the same in another order and in other company", () => {
    const configurations = configurationsOf(ADVANCED, ["trend.threshold", "zones.tolerance"], 0);
    const scan = (some: readonly Configuration[]) =>
      scanConfigurations({
        study: makeStudy(INPUT),
        strategy: ADVANCED,
        configurations: some,
        segments: STRETCHES,
      });
    const all = scan(configurations);
    const backwards = scan(configurations.toReversed());
    for (const [set, configuration] of configurations.entries()) {
      const single = scan([configuration]);
      for (const s of STRETCHES.keys()) {
        expect(backwards.get(configurations.length - 1 - set, s)).toEqual(all.get(set, s));
        expect(single.get(0, s)).toEqual(all.get(set, s));
      }
    }
  });

  it("ask a strategy once for all sets that agree on what it read", () => {
    const reads: number[] = [];
    const counting: Strategy = {
      name: "COUNTING",
      description: "made for tests",
      defaults: { first: 1, second: 1 },
      decide(view, parameters) {
        const { first } = parameters as { first: number };
        reads.push(first);
        if (view.rsi() < 50 + first) return { kind: "none", reason: "high" };
        const { second } = parameters as { second: number };
        return { kind: "signal", side: second > 2 ? "LONG" : "SHORT", confidence: 50, reasons: [] };
      },
    };
    const maker = new ConfigurationMaker(counting, DEFAULT_TRADE_RULES);
    const parameters = ["first", "second"].map((name) => ({ name, values: [1, 2, 3, 4] }));
    const configurations = gridSets(parameters).map((set) => maker.make(assignmentOf([], parameters, set)));
    expectTheSame(counting, configurations);
    reads.length = 0;
    const segment = { from: 60, end: length };
    scanConfigurations({ study: makeStudy(INPUT), strategy: counting, configurations, segments: [segment] });
    // Four of sixteen where RSI decides.
    expect(reads.length).toBeLessThan((length - 60) * 8);
  });

  it("tell how far they are, up to the end", () => {
    const told: number[] = [];
    scanConfigurations(
      {
        study: makeStudy(INPUT),
        strategy: BASIC,
        configurations: configurationsOf(BASIC, ["bandReach"], 0),
        segments: STRETCHES,
      },
      (done, total) => told.push(done / total),
    );
    expect(told.toSorted((a, b) => a - b)).toEqual(told);
    expect(told.length).toBeGreaterThan(3);
    expect(told.at(-1)).toBe(1);
  });
});
