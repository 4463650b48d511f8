import { Command } from "commander";
import { verifyStrategy } from "#libs/backtest/verification/verify-strategy.ts";
import { TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { cannotTrade } from "#libs/strategy/cannot-trade.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { BTC_SYMBOL } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
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
import {
  type ChosenRules,
  chosenRules,
  type TradeOptions,
  withTradeOptions,
} from "../shared/trade-options.ts";
import { usedTick } from "../shared/used-tick.ts";
import { type WindowOptions, withWindowOptions } from "../shared/window-options.ts";
import {
  isSound,
  type VerificationSubject,
  verificationJson,
  verificationReport,
} from "./verification-report.ts";

interface Options extends TradeOptions, WindowOptions, ReadingOptions {
  readonly strategy: string;
  readonly candles: readonly string[];
  readonly symbol: string;
  readonly timeframe: string;
  readonly btc?: string;
  readonly funding?: string;
  readonly json?: boolean;
}

/** A command line that makes sense. */
interface Request extends WindowOptions {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly strategy: Strategy;
  readonly files: DataFiles;
  readonly rules: ChosenRules;
}

/** A strategy that does not hold what a backtest promises. */
const EXIT_UNSOUND = 1;

/**
 * Verifies a strategy on recorded candles and prints what was found.
 * @param strategies the ones to choose from.
 * @param onPass is called with what is being looked for.
 * @returns the exit code: 0 when every check holds, 1 when one does not, 2 when arguments or files cannot be used.
 */
export async function runVerifyStrategy(
  args: readonly string[],
  context: CommandContext,
  strategies: readonly Strategy[] = STRATEGIES,
  onPass?: (when: string) => void,
): Promise<number> {
  try {
    const options = parseCommand<Options>(makeCommand(strategies), args, context);
    const request = requestOf(options, context, strategies);
    const data = await loadData(request.files, request);
    assertDecides(request, data);
    const verification = verifyStrategy(request.strategy, data.input, onPass, data.firstIndex);
    const subject = subjectOf(request, data);
    for (const line of data.summaries) context.printError(`verify-strategy: read ${line}\n`);
    for (const note of data.notes) context.printError(`verify-strategy: note: ${note}\n`);
    context.print(
      options.json === true
        ? `${JSON.stringify(verificationJson(subject, verification), null, 2)}\n`
        : verificationReport(subject, verification),
    );
    return isSound(verification) ? 0 : EXIT_UNSOUND;
  } catch (error) {
    return exitCodeOf(error, "verify-strategy", context);
  }
}

/** @throws InputError or ConfigurationError naming what cannot be used. */
function requestOf(options: Options, context: CommandContext, strategies: readonly Strategy[]): Request {
  const { from, to } = options;
  return {
    symbol: parseSymbol(options.symbol),
    timeframe: parseTimeframe(options.timeframe),
    strategy: parseStrategy(options.strategy, strategies),
    files: dataFiles(options, context.folder ?? process.cwd()),
    rules: chosenRules(options, context.environment),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function assertDecides({ files, timeframe }: Request, { input }: Data): void {
  const { length } = input.candles;
  if (length > FIRST_DECISION_INDEX) return;
  throw new InputError(
    `${namesOf(files.candles)}: ${length} candles of ${timeframe} are too few, the first decision is made ` +
      `after ${FIRST_DECISION_INDEX}: give a longer file`,
  );
}

function subjectOf({ strategy, rules, files }: Request, data: Data): VerificationSubject {
  return {
    strategy: strategy.name,
    symbol: data.input.symbol,
    timeframe: data.input.timeframe,
    rules,
    tick: usedTick(rules, data.input.candles, namesOf(files.candles)),
    coverage: data.coverage,
    notes: data.notes,
    cannotTrade: cannotTrade(strategy, strategy.defaults, data.known),
  };
}

function makeCommand(strategies: readonly Strategy[]): Command {
  const command = withMarketFiles(
    new Command("verify-strategy").description(
      "Checks whether a backtest of a strategy can be trusted: look-ahead, memory, dependence on warm-up or price.",
    ),
  )
    .requiredOption("--strategy <name>", `the strategy: ${strategyNames(strategies)}`)
    .option("--symbol <symbol>", `symbol of the candles (${BTC_SYMBOL} is its own market)`, UNKNOWN_SYMBOL)
    .option("--timeframe <timeframe>", `timeframe to decide in: ${TIMEFRAMES.join(", ")}`, "5m");
  return withTradeOptions(withWindowOptions(command)).option("--json", "print one JSON object");
}
