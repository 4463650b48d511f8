import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  type Assignment,
  assignmentOf,
  ConfigurationMaker,
  RULES_PREFIX,
} from "#libs/backtest/search/configuration.ts";
import { OBJECTIVES, type Objective } from "#libs/backtest/search/objective.ts";
import { type SearchResult, searchResult, segmentsOf } from "#libs/backtest/search/search-result.ts";
import {
  drawnSets,
  gridSets,
  gridSize,
  type ParameterValues,
  type SearchedParameter,
} from "#libs/backtest/search/search-space.ts";
import { TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import { TRADE_SETTINGS } from "#libs/config/settings.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { cannotTrade } from "#libs/strategy/cannot-trade.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX, WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";

import { unreachableStop } from "#libs/trading/stop-reach.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { wholeNumber } from "#services/shared/arguments.ts";
import { type Data, type DataFiles, dataFiles, loadData, UNKNOWN_SYMBOL } from "../shared/load-data.ts";
import {
  namesOf,
  parseSymbol,
  parseTimeframe,
  type ReadingOptions,
  withMarketFiles,
} from "../shared/load-market.ts";
import { type CommandContext, exitCodeOf, parseCommand } from "../shared/parse-command.ts";
import { parseStrategy, strategyNames } from "../shared/parse-strategy.ts";
import { explained } from "../shared/strategy-failure.ts";
import {
  type ChosenRules,
  chosenRules,
  RULE_OF_SETTING,
  type TradeOptions,
  withTradeOptions,
} from "../shared/trade-options.ts";
import { usedTick } from "../shared/used-tick.ts";
import { type WindowOptions, withWindowOptions } from "../shared/window-options.ts";
import { optimizeJson } from "./optimize-json.ts";
import { optimizeReport, type SearchRun } from "./optimize-report.ts";
import { allParameters, parseParameter, USUAL_GRID, usualParameters } from "./parse-parameter.ts";
import { daysToCandles, layOver } from "./plan-windows.ts";
import { type SearchTask, scoreHere } from "./scan-sets.ts";
import { makeSearchProgress } from "./search-progress.ts";
import type { SearchSubject } from "./search-subject.ts";
import { scoreOnThreads } from "./search-threads.ts";

/** What surrounds a search, and whether a person watches its progress. */
export interface SearchContext extends CommandContext {
  readonly isWatched?: boolean;
}

interface Options extends TradeOptions, WindowOptions, ReadingOptions {
  readonly candles: readonly string[];
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

/** A command line that makes sense. */
interface Request extends WindowOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly strategy: Strategy;
  readonly files: DataFiles;
  readonly rules: ChosenRules;
  readonly space: Space;
  readonly options: Options;
}

/** More than this takes days and proves nothing. */
const MOST_SETS = 100_000;
/** Sets times candles above which several threads are faster in spite of their start. */
const WORTH_THREADS = 30_000_000;

/**
 * Searches a strategy's parameters on train windows and trades the chosen set on the test windows that follow.
 * @param known the strategies to choose from.
 * @returns the exit code: 0, 1 when the strategy throws, or 2 when arguments, settings or files cannot be used.
 */
export async function runOptimize(
  args: readonly string[],
  context: SearchContext,
  known: readonly Strategy[] = STRATEGIES,
): Promise<number> {
  try {
    const options = parseCommand<Options>(makeCommand(known), args, context);
    const request = requestOf(options, context, known);
    const data = await loadData(request.files, request);
    const found = await search(request, data, context);
    for (const line of data.summaries) context.printError(`optimize: read ${line}\n`);
    for (const note of data.notes) context.printError(`optimize: note: ${note}\n`);
    context.print(
      options.json === true
        ? `${JSON.stringify(optimizeJson(found.subject, found.result), null, 2)}\n`
        : optimizeReport(found.subject, found.result, found.run),
    );
    return 0;
  } catch (error) {
    return exitCodeOf(error, "optimize", context);
  }
}

function makeCommand(known: readonly Strategy[]): Command {
  const repeated = (value: string, before: readonly string[]): string[] => [...before, value];
  const command = withMarketFiles(
    new Command("optimize").description(
      "Searches a strategy's parameters, window by window, and trades each choice on the candles that follow.",
    ),
  )
    .option("--symbol <symbol>", "symbol of the candles (BTCUSDT is its own market)", UNKNOWN_SYMBOL)
    .option("--timeframe <timeframe>", `timeframe to trade: ${TIMEFRAMES.join(", ")}`, "5m")
    .requiredOption("--strategy <name>", `the strategy: ${strategyNames(known)}`)
    .option("--detail <file>", "shorter candles that decide whether stop or target came first in a candle");
  return withTradeOptions(withWindowOptions(command))
    .addOption(
      new Option(
        "--parameter <name[=from:to:step]>",
        "parameter to search, also name=value,value; repeatable (default: those the strategy declares)",
      )
        .argParser(repeated)
        .default([], "none"),
    )
    .addOption(
      new Option("--set <name=value>", "fixed value of a parameter; repeatable")
        .argParser(repeated)
        .default([], "none"),
    )
    .addOption(new Option("--grid", "search every set of the grid").conflicts(["random", "seed"]))
    .option(
      "--random <number>",
      "search this number of sets, drawn at random from the grid",
      wholeNumber(1, MOST_SETS),
    )
    .option("--seed <number>", "seed of the random draw", wholeNumber(1, 4_294_967_295), 1)
    .option("--train-days <days>", "length of a train window (default: three test windows)", days)
    .option("--test-days <days>", "length of a test window (default: five windows)", days)
    .option(
      "--warm-up-days <days>",
      "days before the first train window (default: what live services load)",
      days,
    )
    .option("--anchored", "all train windows start where the first one starts, and so grow")
    .addOption(
      new Option("--objective <name>", "what to maximise").choices(Object.keys(OBJECTIVES)).default("pnl"),
    )
    .option(
      "--min-trades <number>",
      "fewest trades with which a set can be chosen",
      wholeNumber(1, 1_000_000),
      10,
    )
    .option("--top <number>", "number of best sets to list for each window", wholeNumber(1, 1000), 1)
    .option(
      "--workers <number>",
      "number of threads (default: the number of cores, or one for a short search)",
      wholeNumber(1, 64),
    )
    .option("--json", "print one JSON object");
}

/** @throws InputError or ConfigurationError naming what cannot be used. */
function requestOf(options: Options, context: SearchContext, known: readonly Strategy[]): Request {
  const strategy = parseStrategy(options.strategy, known);
  const rules = chosenRules(options, context.environment);
  const { from, to } = options;
  return {
    symbol: parseSymbol(options.symbol),
    timeframe: parseTimeframe(options.timeframe),
    strategy,
    files: dataFiles(options, context.folder ?? process.cwd()),
    rules,
    space: searchSpace(options, strategy, rules),
    options,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

interface Found {
  readonly subject: SearchSubject;
  readonly result: SearchResult;
  readonly run: SearchRun;
}

/** @throws StrategyFailure when the strategy throws. */
async function search(request: Request, data: Data, context: SearchContext): Promise<Found> {
  const { strategy, space, options } = request;
  const { rules } = request.rules;
  const { input: market, detail } = data;
  const plan = planOf(request, data);
  const maker = new ConfigurationMaker(strategy, rules);
  const chosen = withFixedRules(request.rules, maker.make(space.fixed).rules, space.fixed);
  const tick = usedTick(chosen, market.candles, namesOf(request.files.candles));
  const task: SearchTask = {
    market,
    strategy: strategy.name,
    rules,
    fixed: space.fixed,
    searched: space.searched,
    segments: segmentsOf(plan.walkForward),
    tickSize: tick?.size,
    detail,
  };
  const study = makeStudy(market);
  const configurationsOf = () =>
    space.sets.map((set) => maker.make(assignmentOf(space.fixed, space.searched, set)));
  const choice = { objective: options.objective, minTrades: options.minTrades };
  const threads = threadsOf(options, strategy, space.sets.length * market.candles.length);
  const progress = makeSearchProgress("searching", context.isWatched === true, context.printError);
  try {
    const scores =
      threads === 1
        ? scoreHere(task, { study, strategy }, space.sets, progress.show)
        : await scoreOnThreads(task, space.sets, threads, progress.show);
    const configurations = configurationsOf();
    const result = searchResult({
      study,
      strategy,
      configurations,
      usual: maker.make(space.fixed),
      walkForward: plan.walkForward,
      scores,
      choice,
      top: options.top,
      tickSize: tick?.size,
      detail,
    });
    return {
      subject: {
        market,
        strategy,
        rules: chosen,
        tick,
        data,
        ...space,
        ...plan,
        choice,
        seed: space.sets.length < space.size ? options.seed : null,
        cannotTrade: configurations.map(({ parameters }) => cannotTrade(strategy, parameters, data.known)),
        unreachableStops: unreachableStops(configurations.map((configuration) => configuration.rules)),
      },
      result,
      run: { top: options.top, threads, elapsedMs: progress.elapsedMs() },
    };
  } catch (error) {
    const asked = configurationsOf().map(({ parameters }) => ({ strategy, parameters }));
    throw explained(error, asked, market, 0);
  } finally {
    progress.clear();
  }
}

/** The rules that all sets share: those that `--set` fixes come from an option. */
function withFixedRules(given: ChosenRules, rules: TradeRules, fixed: Assignment): ChosenRules {
  const names = new Set(fixed.map(([name]) => name));
  const sources = Object.fromEntries(
    TRADE_SETTINGS.map((setting) => [
      setting,
      names.has(`${RULES_PREFIX}${RULE_OF_SETTING[setting]}`) ? "option" : given.sources[setting],
    ]),
  ) as ChosenRules["sources"];
  return { ...given, rules, sources };
}

/** Sets share equal rules as one object, so each is looked at once. */
function unreachableStops(rules: readonly TradeRules[]): number {
  const unreachable = new Set([...new Set(rules)].filter((one) => unreachableStop(one) !== null));
  return rules.filter((one) => unreachable.has(one)).length;
}

/** Candles before --from only warm up, as those before the first window do. */
function planOf({ files, options }: Request, { input, firstIndex }: Data) {
  const { candles } = input;
  const wished = daysToCandles("--warm-up-days", options.warmUpDays, candles, FIRST_DECISION_INDEX);
  return layOver(namesOf(files.candles), candles, {
    trainCandles: daysToCandles("--train-days", options.trainDays, candles, 2),
    testCandles: daysToCandles("--test-days", options.testDays, candles, 2),
    warmUpCandles: firstIndex === 0 ? wished : Math.max(firstIndex, wished ?? WARM_UP_CANDLES),
    anchored: options.anchored === true,
  });
}

interface Space {
  readonly fixed: Assignment;
  readonly searched: readonly SearchedParameter[];
  /** Sets of the whole grid. */
  readonly size: number;
  readonly sets: readonly ParameterValues[];
}

function searchSpace(options: Options, strategy: Strategy, { rules, sources }: ChosenRules): Space {
  const fixed = options.set.map((text): Assignment[number] => {
    const { name, values } = parseParameter(text, strategy, rules);
    const [value, ...others] = values;
    if (text.includes("=") && value !== undefined && others.length === 0) return [name, value];
    throw new InputError(`${JSON.stringify(text)} is not one value: write --set ${name}=VALUE`);
  });
  const names = fixed.map(([name]) => name);
  const searched =
    options.parameter.length > 0
      ? options.parameter.map((text) => parseParameter(text, strategy, rules))
      : options.random !== undefined || options.grid === true
        ? allParameters(strategy, names)
        : usualParameters(strategy, names);
  const all = [...names, ...searched.map(({ name }) => name)];
  const twice = all.find((name, k) => all.indexOf(name) !== k);
  if (twice !== undefined) throw new InputError(`the parameter ${twice} is given twice`);
  const contradicted = TRADE_SETTINGS.find(
    (setting) => sources[setting] === "option" && all.includes(`${RULES_PREFIX}${RULE_OF_SETTING[setting]}`),
  );
  if (contradicted !== undefined) {
    throw new InputError(
      `${RULES_PREFIX}${RULE_OF_SETTING[contradicted]} is searched or set, and the option for ${contradicted} is given too: ` +
        "leave one of them away",
    );
  }
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

/** A thread finds a strategy in the registry only. */
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
