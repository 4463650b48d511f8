import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { type Assignment, assignmentOf, ConfigurationMaker } from "#libs/backtest/search/configuration.ts";
import { OBJECTIVES, type Objective } from "#libs/backtest/search/objective.ts";
import type { ScoreTable } from "#libs/backtest/search/score.ts";
import { searchResult, segmentsOf } from "#libs/backtest/search/search-result.ts";
import {
  drawnSets,
  gridSets,
  gridSize,
  type ParameterValues,
  type SearchedParameter,
} from "#libs/backtest/search/search-space.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { wholeNumber } from "#services/shared/arguments.ts";
import { loadMarket, parseSymbol, parseTimeframe, withMarketFiles } from "../shared/load-market.ts";
import { parseStrategy, strategyNames } from "../shared/parse-strategy.ts";
import { readDetail } from "../shared/read-detail.ts";
import { type Output, runCommand } from "../shared/run-command.ts";
import { optimizeJson } from "./optimize-json.ts";
import { optimizeReport } from "./optimize-report.ts";
import { allParameters, parseParameter, USUAL_GRID, usualParameters } from "./parse-parameter.ts";
import { daysToCandles, layOver } from "./plan-windows.ts";
import { type SearchTask, scoreHere } from "./scan-sets.ts";
import { makeSearchProgress } from "./search-progress.ts";
import type { SearchSubject } from "./search-subject.ts";
import { scoreOnThreads } from "./search-threads.ts";

/** Where a search writes, and whether a person watches its progress. */
export interface SearchOutput extends Output {
  readonly isWatched?: boolean;
}

interface Options {
  readonly candles: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly strategy: string;
  readonly btc?: string;
  readonly funding?: string;
  readonly detail?: string;
  readonly parameter: readonly string[];
  readonly set: readonly string[];
  readonly grid?: boolean;
  readonly random?: number;
  readonly seed: number;
  readonly trainDays?: number;
  readonly testDays?: number;
  readonly warmUpDays?: number;
  readonly anchored?: boolean;
  readonly objective: Objective;
  readonly minTrades: number;
  readonly top: number;
  readonly workers?: number;
  readonly json?: boolean;
}

/** More than this takes days, and proves nothing. */
const MOST_SETS = 100_000;
/** Sets times candles from which more than one thread is worth their start. */
const WORTH_THREADS = 30_000_000;

/**
 * Searches a strategy's parameters on train windows and trades what was chosen on the windows behind them.
 * @param known the strategies to choose from.
 * @returns the exit code: 0, or 2 when arguments or files cannot be used.
 */
export function runOptimize(
  args: readonly string[],
  output: SearchOutput,
  known: readonly Strategy[] = STRATEGIES,
): Promise<number> {
  return runCommand<Options>(makeCommand(known), args, output, async (options) => {
    output.print(await search(options, output, known));
    return 0;
  });
}

function makeCommand(known: readonly Strategy[]): Command {
  const repeated = (value: string, before: readonly string[]): string[] => [...before, value];
  return withMarketFiles(
    new Command("optimize").description(
      "Searches a strategy's parameters, window by window, and trades each choice on the candles that follow.",
    ),
  )
    .option("--symbol <symbol>", "the symbol they are of (BTCUSDT is its own market)", "UNKNOWN")
    .option("--timeframe <timeframe>", `the timeframe to trade: ${TIMEFRAMES.join(", ")}`, "5m")
    .requiredOption("--strategy <name>", `the strategy: ${strategyNames(known)}`)
    .option("--detail <file>", "shorter candles: they decide where stop and target lie in one candle")
    .option(
      "--parameter <name[=from:to:step]>",
      "what to search, also name=value,value; repeatable (default: the declared ones)",
      repeated,
      [],
    )
    .option("--set <name=value>", "a parameter's value throughout; repeatable", repeated, [])
    .addOption(new Option("--grid", "every set of the grid").conflicts("random"))
    .option("--random <number>", "so many sets of the grid, drawn by chance", wholeNumber(1, MOST_SETS))
    .option("--seed <number>", "for other sets by chance", wholeNumber(1, 4_294_967_295), 1)
    .option("--train-days <days>", "length of a window to choose on (default: three test windows)", days)
    .option("--test-days <days>", "length of a window to trade the choice on (default: five windows)", days)
    .option("--warm-up-days <days>", "before the first window (default: what live services load)", days)
    .option("--anchored", "all train windows begin with the first one, and so grow")
    .addOption(
      new Option("--objective <name>", "what is best").choices(Object.keys(OBJECTIVES)).default("pnl"),
    )
    .option(
      "--min-trades <number>",
      "trades without which a set is not chosen",
      wholeNumber(1, 1_000_000),
      10,
    )
    .option("--top <number>", "sets of each window to list", wholeNumber(1, 1000), 1)
    .option("--workers <number>", "threads (default: the cores, or one when it is quick)", wholeNumber(1, 64))
    .option("--json", "print one JSON object");
}

async function search(options: Options, output: SearchOutput, known: readonly Strategy[]): Promise<string> {
  const symbol = parseSymbol(options.symbol);
  const timeframe = parseTimeframe(options.timeframe);
  const strategy = parseStrategy(options.strategy, known);
  const space = searchSpace(options, strategy);
  const market = await loadMarket(options, symbol, timeframe);
  const detail: Candles | undefined =
    options.detail === undefined ? undefined : await readDetail(options.detail, market);
  const { candles } = market;
  const plan = layOver(options.candles, candles, {
    trainCandles: daysToCandles("--train-days", options.trainDays, candles, 2),
    testCandles: daysToCandles("--test-days", options.testDays, candles, 2),
    warmUpCandles: daysToCandles("--warm-up-days", options.warmUpDays, candles, 60),
    anchored: options.anchored === true,
  });
  const task: SearchTask = {
    market,
    strategy: strategy.name,
    fixed: space.fixed,
    searched: space.searched,
    segments: segmentsOf(plan.walkForward),
    detail,
  };
  const progress = makeSearchProgress("searching", output.isWatched === true, output.printError);
  const threads = threadsOf(options, strategy, space.sets.length * candles.length);
  const study = makeStudy(market);
  let scores: ScoreTable;
  try {
    scores =
      threads === 1
        ? scoreHere(task, { study, strategy }, space.sets, progress.show)
        : await scoreOnThreads(task, space.sets, threads, progress.show);
  } finally {
    progress.clear();
  }
  const maker = new ConfigurationMaker(strategy, DEFAULT_TRADE_RULES);
  const result = searchResult({
    study,
    strategy,
    configurations: space.sets.map((set) => maker.make(assignmentOf(space.fixed, space.searched, set))),
    usual: maker.make(space.fixed),
    walkForward: plan.walkForward,
    scores,
    choice: { objective: options.objective, minTrades: options.minTrades },
    top: options.top,
    detail,
  });
  const subject: SearchSubject = {
    market,
    strategy,
    ...space,
    ...plan,
    choice: { objective: options.objective, minTrades: options.minTrades },
    seed: space.sets.length < space.size ? options.seed : null,
  };
  if (options.json === true) return `${JSON.stringify(optimizeJson(subject, result), null, 2)}\n`;
  return optimizeReport(subject, result, { top: options.top, threads, elapsedMs: progress.elapsedMs() });
}

interface Space {
  readonly fixed: Assignment;
  readonly searched: readonly SearchedParameter[];
  /** Sets of the whole grid. */
  readonly size: number;
  readonly sets: readonly ParameterValues[];
}

function searchSpace(options: Options, strategy: Strategy): Space {
  const fixed = options.set.map((text): Assignment[number] => {
    const { name, values } = parseParameter(text, strategy);
    const [value, ...others] = values;
    if (text.includes("=") && value !== undefined && others.length === 0) return [name, value];
    throw new InputError(`${JSON.stringify(text)} is not one value: write --set ${name}=VALUE`);
  });
  const names = fixed.map(([name]) => name);
  const searched =
    options.parameter.length > 0
      ? options.parameter.map((text) => parseParameter(text, strategy))
      : options.random !== undefined || options.grid === true
        ? allParameters(strategy, names)
        : usualParameters(strategy, names);
  const all = [...names, ...searched.map(({ name }) => name)];
  const twice = all.find((name, k) => all.indexOf(name) !== k);
  if (twice !== undefined) throw new InputError(`the parameter ${twice} is given twice`);
  if (searched.length === 0) {
    throw new InputError(
      `there is nothing to search: ${strategy.name} declares no other parameter, give --parameter`,
    );
  }
  const size = gridSize(searched);
  const isAll = options.grid === true || (options.random === undefined && size <= USUAL_GRID);
  if (isAll && size > MOST_SETS) {
    throw new InputError(
      `the grid has ${size} sets, more than ${MOST_SETS}: fewer parameters, longer steps or --random N`,
    );
  }
  const sets = isAll ? gridSets(searched) : drawnSets(searched, options.random ?? USUAL_GRID, options.seed);
  return { fixed, searched, size, sets };
}

/** A strategy that is not registered cannot be found by a thread. */
function threadsOf(options: Options, strategy: Strategy, work: number): number {
  if (!STRATEGIES.includes(strategy)) return 1;
  return options.workers ?? (work < WORTH_THREADS ? 1 : availableParallelism());
}

/** A century: longer than any file, and few enough to be counted in candles. */
const MOST_DAYS = 36_525;

/** For an option's value: days, above 0. */
function days(text: string): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number > 0 && number <= MOST_DAYS) return number;
  throw new InvalidArgumentError(
    `expected a number of days above 0 and up to ${MOST_DAYS}, not ${JSON.stringify(text)}`,
  );
}
