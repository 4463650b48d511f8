import { backtest } from "#libs/backtest/backtest.ts";
import { runStrategy } from "#libs/backtest/engine/run-strategy.ts";
import { assignmentOf, ConfigurationMaker } from "#libs/backtest/search/configuration.ts";
import { scanConfigurations } from "#libs/backtest/search/scan-configurations.ts";
import { segmentsOf } from "#libs/backtest/search/search-result.ts";
import { drawnSets, gridSets, type SearchedParameter } from "#libs/backtest/search/search-space.ts";
import { layWindows, makePlan, type Segment } from "#libs/backtest/search/walk-forward.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { print } from "#libs/terminal/terminal.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { allParameters, usualParameters } from "#services/cli/optimize/parse-parameter.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

/**
 * What a search of about a hundred parameter sets costs beside as many runs, on one core, in CPU time, in turn. Run with
 * `npm run bench:optimize`. Three comparisons:
 * - the whole series: one backtest a set, frames and indicators included each time, against one walk for all;
 * - the windows: one run a set and window on one study made before, against one walk for all sets and windows.
 */
const CANDLES = 44_000;
const ROUNDS = 7;

interface Case {
  readonly strategy: Strategy;
  readonly name: string;
  readonly parameters: readonly SearchedParameter[];
  readonly sets: number | null;
}

const CASES: readonly Case[] = STRATEGIES.flatMap((strategy) => {
  const usual = usualParameters(strategy, []);
  return [
    { strategy, name: "grid of declared parameters", parameters: usual, sets: null },
    { strategy, name: "100 by chance of all declared", parameters: allParameters(strategy, []), sets: 100 },
    {
      strategy,
      name: "grid of stop and target",
      parameters: ["rules.stopLossPercent", "rules.takeProfitPercent"].map((name) => ({
        name,
        values: [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4],
      })),
      sets: null,
    },
  ];
});

function measure(input: StudyInput, { strategy, name, parameters, sets: count }: Case): void {
  const sets = count === null ? gridSets(parameters) : drawnSets(parameters, count, 1);
  const maker = new ConfigurationMaker(strategy, DEFAULT_TRADE_RULES);
  const configurations = sets.map((set) => maker.make(assignmentOf([], parameters, set)));
  const { length, intervalMs } = input.candles;
  const walkForward = layWindows(length, makePlan(length, intervalMs));
  if (walkForward === null) throw new Error("the candles suffice");
  const windows = segmentsOf(walkForward);
  const whole: readonly Segment[] = [{ from: FIRST_DECISION_INDEX, end: length }];
  const fresh = (): StudyInput => ({
    ...input,
    frameCandles: aggregateFrames(input.candles, input.timeframe, input.candles),
  });
  const study = makeStudy(fresh());
  const parts: readonly (readonly [string, () => void])[] = [
    [
      "runs",
      () => {
        for (const { parameters: defaults, rules } of configurations) {
          backtest(fresh(), { strategies: [{ ...strategy, defaults } as Strategy], rules });
        }
      },
    ],
    [
      "search",
      () => scanConfigurations({ study: makeStudy(fresh()), strategy, configurations, segments: whole }),
    ],
    [
      "runs of windows",
      () => {
        for (const { parameters: of, rules } of configurations) {
          for (const { from, end } of windows) {
            const firstIndex = Math.max(FIRST_DECISION_INDEX, from);
            runStrategy(study, strategy, {
              parameters: of,
              rules,
              tickSize: undefined,
              firstIndex,
              endIndex: end,
            });
          }
        }
      },
    ],
    [
      "search of windows",
      () => scanConfigurations({ study: makeStudy(fresh()), strategy, configurations, segments: windows }),
    ],
  ];
  const times = parts.map((): number[] => []);
  for (let round = -2; round < ROUNDS; round++) {
    for (const [k, [, run]] of parts.entries()) {
      const started = process.cpuUsage();
      run();
      if (round >= 0) times[k]?.push(process.cpuUsage(started).user / 1000);
    }
  }
  const [runs = 0, search = 0, windowRuns = 0, windowSearch = 0] = times.map(
    (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN,
  );
  print(
    `  ${strategy.name.padEnd(9)}${name.padEnd(31)}${`${sets.length}`.padStart(4)} sets  ` +
      `whole: ${runs.toFixed(0).padStart(5)} ms, search ${search.toFixed(0).padStart(4)} ms, ${(runs / search).toFixed(1).padStart(5)} times less   ` +
      `windows: ${windowRuns.toFixed(0).padStart(5)} ms, search ${windowSearch.toFixed(0).padStart(4)} ms, ${(windowRuns / windowSearch).toFixed(1).padStart(5)} times less\n`,
  );
}

const input = madeInput({ timeframe: "1m", length: CANDLES });
print(`${CANDLES} candles of 1m, CPU time of one thread, medians of ${ROUNDS} rounds in turn\n`);
for (const one of CASES) measure(input, one);
