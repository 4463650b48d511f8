import { Command } from "commander";
import { type BacktestResult, backtest } from "#libs/backtest/backtest.ts";
import { buyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import { statisticsOf } from "#libs/backtest/statistics/statistics.ts";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { systemClock } from "#libs/runtime/clock.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { loadMarket, parseSymbol, parseTimeframe, withMarketFiles } from "../shared/load-market.ts";
import { parseStrategy, strategyNames } from "../shared/parse-strategy.ts";
import { readDetail } from "../shared/read-detail.ts";
import { type Output, runCommand } from "../shared/run-command.ts";
import { backtestJson } from "./backtest-json.ts";
import { backtestReport } from "./backtest-report.ts";
import type { BacktestSubject, Significance } from "./backtest-subject.ts";
import { sourcesOf } from "./report/sources-of.ts";
import { assertReportName, writeReport } from "./report/write-report.ts";

interface Options {
  readonly candles: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly btc?: string;
  readonly funding?: string;
  readonly strategy?: string;
  readonly detail?: string;
  readonly trials?: string;
  readonly statistics?: boolean;
  readonly json?: boolean;
  readonly report?: string;
}

/**
 * Backtests recorded candles and prints the figures. A refusal prints one sentence on the error output and nothing
 * on the other.
 * @param known the strategies to choose from.
 * @returns the exit code: 0, or 2 when arguments or files cannot be used.
 */
export function runBacktest(
  args: readonly string[],
  output: Output,
  known: readonly Strategy[] = STRATEGIES,
): Promise<number> {
  return runCommand<Options>(makeCommand(known), args, output, async (options) => {
    output.print(await report(options, known));
    return 0;
  });
}

function makeCommand(known: readonly Strategy[]): Command {
  return withMarketFiles(new Command("backtest").description("Backtests the strategies on recorded candles."))
    .requiredOption("--symbol <symbol>", "the symbol they are of, such as BTCUSDT")
    .requiredOption("--timeframe <timeframe>", `the timeframe to trade: ${TIMEFRAMES.join(", ")}`)
    .option("--strategy <name>", `one strategy: ${strategyNames(known)} (default: all)`)
    .option("--detail <file>", "shorter candles: they decide where stop and target lie in one candle")
    .option(
      "--trials <number>",
      "configurations tried in all, for the deflated Sharpe ratio (default: strategies)",
    )
    .option("--json", "print one JSON object")
    .option("--statistics", "with --json: also how much of each result may be chance")
    .option("--report <file.html>", "also write a page with charts, figures and every trade");
}

async function report(options: Options, known: readonly Strategy[]): Promise<string> {
  if (options.report !== undefined) assertReportName(options.report);
  const symbol = parseSymbol(options.symbol);
  const timeframe = parseTimeframe(options.timeframe);
  const strategies = options.strategy === undefined ? known : [parseStrategy(options.strategy, known)];
  const trials = options.trials === undefined ? strategies.length : parseTrials(options.trials);
  const input = await loadMarket(options, symbol, timeframe);
  const detail = options.detail === undefined ? undefined : await readDetail(options.detail, input);
  const result = backtest(input, { strategies, ...(detail === undefined ? {} : { detail }) });
  const subject: BacktestSubject = { symbol, timeframe };
  const forPeople = options.json !== true || options.report !== undefined;
  const significance =
    forPeople || options.statistics === true ? significanceOf(input, result, trials) : null;
  if (options.report !== undefined) {
    await writeReport(options.report, {
      study: input,
      result,
      rules: DEFAULT_TRADE_RULES,
      sources: sourcesOf(options),
      writtenAtMs: systemClock.nowMs(),
      ...(significance === null ? {} : { significance }),
    });
  }
  if (options.json !== true && significance !== null) return backtestReport(subject, result, significance);
  const told = options.statistics === true ? significance : null;
  const json = backtestJson(subject, result, told, told !== null || detail !== undefined);
  return `${JSON.stringify(json, null, 2)}\n`;
}

function significanceOf(input: StudyInput, result: BacktestResult, trials: number): Significance {
  return {
    hold: buyAndHold(input.candles, input.funding, DEFAULT_TRADE_RULES),
    statistics: Object.fromEntries(
      Object.entries(result.strategies).map(([name, { trades }]) => [
        name,
        statisticsOf(trades, { count: trials, sharpeVariance: null }),
      ]),
    ),
  };
}

function parseTrials(text: string): number {
  const trials = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(trials) && trials > 0) return trials;
  throw new InputError(`${JSON.stringify(text)} is not a number of trials: give a whole number from 1 on`);
}
