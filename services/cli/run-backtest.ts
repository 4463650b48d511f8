import { Command, CommanderError } from "commander";
import { backtest } from "#libs/backtest/backtest.ts";
import { symbolSchema } from "#libs/contracts/messages.ts";
import { aggregate, divides } from "#libs/strategy/aggregate.ts";
import type { Candles } from "#libs/strategy/candles.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import { findStrategy, STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { BTC_SYMBOL } from "#libs/strategy/study.ts";
import { isTimeframe, TIMEFRAMES, type Timeframe, timeframeMs } from "#libs/strategy/timeframe.ts";
import { backtestJson } from "./backtest-json.ts";
import { backtestReport } from "./backtest-report.ts";
import { InputError } from "./input-error.ts";
import { readCandles } from "./read-candles.ts";
import { readFunding } from "./read-funding.ts";

/** Where a command writes: results, and everything else. */
export interface Output {
  print(text: string): void;
  printError(text: string): void;
}

/** The exit code for what a person gave and cannot be used. */
const EXIT_REFUSED = 2;

interface Options {
  readonly candles: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly btc?: string;
  readonly funding?: string;
  readonly strategy?: string;
  readonly json?: boolean;
}

/**
 * Backtests recorded candles and prints the figures. A refusal prints one sentence on the error output and nothing
 * on the other.
 * @returns the exit code: 0, or 2 when arguments or files cannot be used.
 */
export async function runBacktest(args: readonly string[], output: Output): Promise<number> {
  const command = makeCommand(output);
  try {
    command.parse(args, { from: "user" });
    output.print(await report(command.opts<Options>()));
    return 0;
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_REFUSED;
    if (!(error instanceof InputError)) throw error;
    output.printError(`backtest: ${error.message}\n`);
    return EXIT_REFUSED;
  }
}

function makeCommand(output: Output): Command {
  return new Command("backtest")
    .description("Backtests the strategies on recorded candles.")
    .requiredOption(
      "--candles <file>",
      "candles as CSV, plain or gzipped: start_ms,open,high,low,close,volume,turnover",
    )
    .requiredOption("--symbol <symbol>", "the symbol they are of, such as BTCUSDT")
    .requiredOption("--timeframe <timeframe>", `the timeframe to trade: ${TIMEFRAMES.join(", ")}`)
    .option("--btc <file>", "candles of BTCUSDT, for the market's trend")
    .option("--funding <file>", "settled funding rates as CSV: funding_ms,rate")
    .option("--strategy <name>", `one strategy: ${strategyNames()} (default: all)`)
    .option("--json", "print one JSON object")
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.print(text),
      writeErr: (text) => output.printError(text),
    });
}

async function report(options: Options): Promise<string> {
  const symbol = parseSymbol(options.symbol);
  const timeframe = parseTimeframe(options.timeframe);
  const strategies = parseStrategies(options.strategy);
  const base = await readCandles(options.candles);
  const candles = joined(base, timeframe, options.candles);
  const btc =
    options.btc === undefined ? null : joined(await readCandles(options.btc), timeframe, options.btc);
  const funding = options.funding === undefined ? null : await readFunding(options.funding);
  const frameCandles = aggregateFrames(base, timeframe, candles);
  const input = {
    symbol,
    timeframe,
    candles,
    frameCandles,
    btc: symbol === BTC_SYMBOL ? null : btc,
    funding,
  };
  const result = backtest(input, { strategies });
  const subject = { symbol, timeframe };
  return options.json === true
    ? `${JSON.stringify(backtestJson(subject, result), null, 2)}\n`
    : backtestReport(subject, result);
}

function parseSymbol(text: string): string {
  if (symbolSchema.safeParse(text).success) return text;
  throw new InputError(
    `${JSON.stringify(text)} is not a symbol: write it as the exchange does, such as BTCUSDT`,
  );
}

function parseTimeframe(text: string): Timeframe {
  if (isTimeframe(text)) return text;
  throw new InputError(`${JSON.stringify(text)} is not a timeframe: choose one of ${TIMEFRAMES.join(", ")}`);
}

function parseStrategies(name: string | undefined): readonly Strategy[] {
  if (name === undefined) return STRATEGIES;
  const strategy = findStrategy(name);
  if (strategy !== undefined) return [strategy];
  throw new InputError(`${JSON.stringify(name)} is not a strategy: choose one of ${strategyNames()}`);
}

function strategyNames(): string {
  return STRATEGIES.map((strategy) => strategy.name).join(", ");
}

function joined(base: Candles, timeframe: Timeframe, path: string): Candles {
  const intervalMs = timeframeMs(timeframe);
  if (!divides(base.intervalMs, intervalMs)) {
    throw new InputError(
      `${path}: candles of ${base.intervalMs / 60_000} minutes cannot be joined to candles of ${timeframe}: ` +
        "the base interval must divide the timeframe",
    );
  }
  const candles = aggregate(base, intervalMs);
  if (candles.length > 0) return candles;
  throw new InputError(`${path}: ${base.length} candles do not make one whole candle of ${timeframe}`);
}
