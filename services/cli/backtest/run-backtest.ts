import { Command } from "commander";
import { type BacktestResult, backtest } from "#libs/backtest/backtest.ts";
import { combineCoverage, combineSegments } from "#libs/backtest/combine-segments.ts";
import { buyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import { statisticsOf } from "#libs/backtest/statistics/statistics.ts";
import { TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { systemClock } from "#libs/runtime/clock.ts";
import { cannotTrade } from "#libs/strategy/cannot-trade.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { callersPath, wholeNumber } from "#services/shared/arguments.ts";
import { type Data, type DataFiles, dataFiles, loadSegments, longestOf } from "../shared/load-data.ts";
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
  type TradeOptions,
  withTradeOptions,
} from "../shared/trade-options.ts";
import { type UsedTick, usedTick } from "../shared/used-tick.ts";
import { type WindowOptions, withWindowOptions } from "../shared/window-options.ts";
import { outcomeJson } from "./backtest-json.ts";
import type { BacktestOutcome } from "./backtest-outcome.ts";
import { backtestReport } from "./backtest-report.ts";
import { sourcesOf } from "./report/sources-of.ts";
import { assertReportName, writeReport } from "./report/write-report.ts";

interface Options extends TradeOptions, WindowOptions, ReadingOptions {
  readonly candles: readonly string[];
  readonly symbol: string;
  readonly timeframe: string;
  readonly btc?: string;
  readonly funding?: string;
  readonly strategy?: string;
  readonly detail?: string;
  readonly trials?: number;
  readonly statistics?: boolean;
  readonly json?: boolean;
  readonly report?: string;
}

/** A command line that makes sense. */
interface Request extends WindowOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly strategies: readonly Strategy[];
  readonly files: DataFiles;
  readonly rules: ChosenRules;
  /** For the deflated Sharpe ratio. */
  readonly trials: number;
  readonly json: boolean;
  /** With JSON: also how much of the result may be chance. */
  readonly withStatistics: boolean;
  /** Absolute path of the page, or null. */
  readonly report: string | null;
}

/**
 * Backtests recorded candles and prints the figures. A refusal prints one sentence on the error output and nothing
 * on the other.
 * @param known the strategies to choose from.
 * @returns the exit code: 0, 1 when a strategy throws, or 2 when arguments, settings or files cannot be used.
 */
export async function runBacktest(
  args: readonly string[],
  context: CommandContext,
  known: readonly Strategy[] = STRATEGIES,
): Promise<number> {
  try {
    const options = parseCommand<Options>(makeCommand(known), args, context);
    const request = requestOf(options, context, known);
    const parts = await loadSegments(request.files, request);
    const outcome = trade(request, parts);
    await show(request, outcome, context);
    return 0;
  } catch (error) {
    return exitCodeOf(error, "backtest", context);
  }
}

function makeCommand(known: readonly Strategy[]): Command {
  const command = withMarketFiles(
    new Command("backtest").description("Backtests the strategies on recorded candles."),
  )
    .requiredOption("--symbol <symbol>", "symbol of the candles, such as BTCUSDT")
    .requiredOption("--timeframe <timeframe>", `timeframe to trade: ${TIMEFRAMES.join(", ")}`)
    .option("--strategy <name>", `one strategy: ${strategyNames(known)} (default: all)`)
    .option("--detail <file>", "shorter candles that decide whether stop or target came first in a candle");
  return withTradeOptions(withWindowOptions(command))
    .option(
      "--trials <number>",
      "configurations tried in total, for the deflated Sharpe ratio (default: number of strategies)",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option("--json", "print one JSON object")
    .option("--statistics", "with --json: add the statistics on how much of each result may be chance")
    .option("--report <file.html>", "also write a page with charts, figures and every trade");
}

/** @throws InputError or ConfigurationError naming what cannot be used. */
function requestOf(options: Options, context: CommandContext, known: readonly Strategy[]): Request {
  const folder = context.folder ?? process.cwd();
  if (options.report !== undefined) assertReportName(options.report);
  const json = options.json === true;
  if (options.statistics === true && !json) {
    throw new InputError(
      "--statistics is for --json: the text has the statistics in any case, leave it away",
    );
  }
  const hasStatistics = !json || options.statistics === true || options.report !== undefined;
  if (options.trials !== undefined && !hasStatistics) {
    throw new InputError("--trials changes the statistics only, which --json leaves out: add --statistics");
  }
  const strategies = options.strategy === undefined ? known : [parseStrategy(options.strategy, known)];
  const { from, to } = options;
  return {
    symbol: parseSymbol(options.symbol),
    timeframe: parseTimeframe(options.timeframe),
    strategies,
    files: dataFiles(options, folder),
    rules: chosenRules(options, context.environment),
    trials: options.trials ?? strategies.length,
    json,
    withStatistics: options.statistics === true,
    report: options.report === undefined ? null : callersPath(folder, options.report),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

/** @throws StrategyFailure when a strategy throws. */
function trade(request: Request, parts: readonly Data[]): BacktestOutcome {
  const { strategies, trials } = request;
  const { rules } = request.rules;
  const data = combinedData(request, parts);
  const tick = usedTick(request.rules, data.input.candles, namesOf(request.files.candles));
  const segments = parts.map((part) => tradeSegment(request, part, tick));
  const result = combineSegments(segments, data.input.candles.intervalMs);
  const holds = parts.flatMap(
    ({ input, firstIndex }) => buyAndHold(input.candles, input.funding, rules, firstIndex) ?? [],
  );
  return {
    symbol: request.symbol,
    timeframe: request.timeframe,
    rules: request.rules,
    tick,
    data,
    result,
    segments,
    cannotTrade: Object.fromEntries(strategies.map((strategy) => [strategy.name, reasonOf(strategy, parts)])),
    significance: {
      hold: holds.length === 0 ? null : { usdt: sum(holds, "usdt"), percent: sum(holds, "percent") },
      statistics: Object.fromEntries(
        Object.entries(result.strategies).map(([name, { trades }]) => [
          name,
          statisticsOf(trades, { count: trials, sharpeVariance: null }),
        ]),
      ),
    },
  };
}

function tradeSegment(request: Request, data: Data, tick: UsedTick | null): BacktestResult {
  const { strategies } = request;
  const { input, firstIndex, detail } = data;
  try {
    return backtest(input, {
      strategies,
      rules: request.rules.rules,
      firstIndex,
      ...(detail === undefined ? {} : { detail }),
      ...(tick === null ? {} : { tickSize: tick.size }),
    });
  } catch (error) {
    const asked = strategies.map((strategy) => ({ strategy, parameters: strategy.defaults }));
    throw explained(error, asked, input, firstIndex);
  }
}

/** The longest part stands for all, but for what is known beside the candles. */
function combinedData({ report }: Request, parts: readonly Data[]): Data {
  const data = longestOf(parts);
  if (parts.length === 1) return data;
  if (report !== null) {
    throw new InputError(
      `--report shows one series, and gaps split these candles into ${parts.length}: choose a part with --from and --to`,
    );
  }
  return { ...data, coverage: combineCoverage(parts.map(({ coverage }) => coverage)) };
}

/** Why a strategy cannot trade on any part. */
function reasonOf(strategy: Strategy, parts: readonly Data[]): string | null {
  const reasons = parts.map(({ known }) => cannotTrade(strategy, strategy.defaults, known));
  return reasons.includes(null) ? null : (reasons[parts.indexOf(longestOf(parts))] ?? null);
}

function sum<Key extends string>(values: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return values.reduce((total, value) => total + value[key], 0);
}

/** Results go to standard output; where the report is goes there too, unless that is for a program. */
async function show(request: Request, outcome: BacktestOutcome, context: CommandContext): Promise<void> {
  const { report, json } = request;
  if (report !== null) {
    await writeReport(report, {
      study: outcome.data.input,
      result: outcome.result,
      rules: outcome.rules.rules,
      sources: sourcesOf(request.files, outcome),
      cannotTrade: outcome.cannotTrade,
      writtenAtMs: systemClock.nowMs(),
      significance: outcome.significance,
    });
  }
  for (const line of outcome.data.summaries) context.printError(`backtest: read ${line}\n`);
  for (const note of outcome.data.notes) context.printError(`backtest: note: ${note}\n`);
  if (json) {
    const withAmbiguity = request.withStatistics || outcome.data.detail !== undefined;
    const { withStatistics } = request;
    context.print(`${JSON.stringify(outcomeJson(outcome, { withStatistics, withAmbiguity }), null, 2)}\n`);
    if (report !== null) context.printError(`report: ${report}\n`);
  } else {
    context.print(backtestReport(outcome));
    if (report !== null) context.print(`\nReport: ${report}\n`);
  }
}
