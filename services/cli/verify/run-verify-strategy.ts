import { Command } from "commander";
import { verifyStrategy } from "#libs/backtest/verification/verify-strategy.ts";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/decide.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { BTC_SYMBOL } from "#libs/strategy/study.ts";
import { loadMarket, parseSymbol, parseTimeframe, withMarketFiles } from "../shared/load-market.ts";
import { parseStrategy, strategyNames } from "../shared/parse-strategy.ts";
import { type Output, runCommand } from "../shared/run-command.ts";
import { isSound, verificationJson, verificationReport } from "./verification-report.ts";

interface Options {
  readonly strategy: string;
  readonly candles: string;
  readonly symbol: string;
  readonly timeframe: string;
  readonly btc?: string;
  readonly funding?: string;
  readonly json?: boolean;
}

/** A strategy that does not hold what a backtest promises. */
const EXIT_UNSOUND = 1;

/**
 * Verifies a strategy on recorded candles and prints what was found.
 * @param strategies the ones to choose from.
 * @param onPass is told what is being looked for.
 * @returns the exit code: 0 when every check holds, 1 when one does not, 2 when arguments or files cannot be used.
 */
export function runVerifyStrategy(
  args: readonly string[],
  output: Output,
  strategies: readonly Strategy[] = STRATEGIES,
  onPass?: (when: string) => void,
): Promise<number> {
  return runCommand<Options>(makeCommand(strategies), args, output, async (options) => {
    const strategy = parseStrategy(options.strategy, strategies);
    const timeframe = parseTimeframe(options.timeframe);
    const input = await loadMarket(options, parseSymbol(options.symbol), timeframe);
    if (input.candles.length <= FIRST_DECISION_INDEX) {
      throw new InputError(
        `${options.candles}: ${input.candles.length} candles of ${timeframe} are too few, the first decision is made ` +
          `after ${FIRST_DECISION_INDEX}`,
      );
    }
    const verification = verifyStrategy(strategy, input, onPass);
    const subject = { strategy: strategy.name, symbol: input.symbol, timeframe };
    output.print(
      options.json === true
        ? `${JSON.stringify(verificationJson(subject, verification), null, 2)}\n`
        : verificationReport(subject, verification),
    );
    return isSound(verification) ? 0 : EXIT_UNSOUND;
  });
}

function makeCommand(strategies: readonly Strategy[]): Command {
  return withMarketFiles(
    new Command("verify-strategy").description(
      "Looks for what would make a strategy's backtest lie: look-ahead, memory, dependence on warm-up or on price.",
    ),
  )
    .requiredOption("--strategy <name>", `the strategy: ${strategyNames(strategies)}`)
    .option("--symbol <symbol>", `the symbol the candles are of (${BTC_SYMBOL} is its own market)`, "UNKNOWN")
    .option("--timeframe <timeframe>", `the timeframe to decide in: ${TIMEFRAMES.join(", ")}`, "5m")
    .option("--json", "print one JSON object");
}
