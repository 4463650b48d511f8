import { Command } from "commander";
import { configuration } from "#libs/config/configuration.ts";
import { LEDGER_LIFE_SECONDS, type LedgerItem } from "#libs/contracts/ledger-item.ts";
import { strategyNameSchema } from "#libs/contracts/messages.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { systemClock } from "#libs/runtime/clock.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { LOCAL_CREDENTIALS, makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import type { SignalQuery } from "#libs/store/ledger-store.ts";
import { StoreError } from "#libs/store/store-error.ts";
import { moment } from "#services/shared/arguments.ts";
import { parseSymbol } from "../shared/load-market.ts";
import { type CommandContext, exitCodeOf, parseCommand } from "../shared/parse-command.ts";
import { safeLine } from "../shared/safe-text.ts";
import { ledgerJson } from "./ledger-json.ts";
import { ledgerReport } from "./ledger-report.ts";
import type { Span } from "./ledger-summary.ts";

/** The exit code for a table that cannot be read. */
const EXIT_FAILED = 1;

interface Options {
  readonly from?: number;
  readonly to?: number;
  readonly strategy?: string;
  readonly symbol?: string;
  readonly json?: boolean;
}

/**
 * Prints the signals of the ledger and what came of them.
 * @returns the exit code: 0, 1 when the table cannot be read, or 2 when arguments or configuration cannot be used.
 */
export async function runLedger(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    const options = parseCommand<Options>(makeCommand(), args, context);
    context.print(await report(options, context));
    return 0;
  } catch (error) {
    if (!(error instanceof StoreError)) return exitCodeOf(error, "ledger", context);
    context.printError(
      `ledger: ${safeLine(error.message)}; check AWS_ENDPOINT_URL, AWS_REGION and SIGNALS_TABLE\n`,
    );
    return EXIT_FAILED;
  }
}

function makeCommand(): Command {
  return new Command("ledger")
    .description(
      "Every signal with its outcome, and what the signals earned.\n" +
        "The table is SIGNALS_TABLE at AWS_ENDPOINT_URL, or in AWS_REGION: " +
        'of "npm start" it is AWS_ENDPOINT_URL=http://127.0.0.1:8000.',
    )
    .option("--from <moment>", "signals from then on, such as 2026-01-15T00:00Z (default: 400 days)", moment)
    .option("--to <moment>", "signals up to then (default: now)", moment)
    .option("--strategy <name>", "signals of one strategy")
    .option("--symbol <symbol>", "signals of one symbol")
    .option("--json", "print one JSON object");
}

async function report(options: Options, context: CommandContext): Promise<string> {
  const span = spanOf(options);
  const symbol = options.symbol === undefined ? undefined : parseSymbol(options.symbol);
  const strategy = options.strategy === undefined ? undefined : parseStrategyName(options.strategy);
  const items = await read(context, {
    fromSeconds: Math.ceil(span.fromMs / 1_000),
    toSeconds: Math.floor(span.toMs / 1_000),
    symbol,
  });
  const found = items.filter((item) => strategy === undefined || item.position.strategy === strategy);
  return options.json === true
    ? `${JSON.stringify(ledgerJson(found, span), null, 2)}\n`
    : ledgerReport(found, span);
}

function spanOf(options: Options): Span {
  const toMs = options.to ?? systemClock.nowMs();
  const fromMs = options.from ?? toMs - LEDGER_LIFE_SECONDS * 1_000;
  if (toMs - fromMs > LEDGER_LIFE_SECONDS * 1_000) {
    throw new InputError(
      `--from ${new Date(fromMs).toISOString()} --to ${new Date(toMs).toISOString()} is longer than the 400 days ` +
        "that signals are kept: give a shorter span",
    );
  }
  if (fromMs <= toMs) return { fromMs, toMs };
  const end = options.to === undefined ? "now" : `--to ${new Date(toMs).toISOString()}`;
  throw new InputError(`--from ${new Date(fromMs).toISOString()} is after ${end}: give an earlier moment`);
}

async function read(context: CommandContext, query: SignalQuery): Promise<readonly LedgerItem[]> {
  const { environment = {} } = context;
  const config = configuration(environment, ["AWS_REGION", "AWS_ENDPOINT_URL", "SIGNALS_TABLE"]);
  // Without keys in the environment the SDK would look for a task role, which a local endpoint does not need.
  const local = config.awsEndpointUrl !== undefined && environment.AWS_ACCESS_KEY_ID === undefined;
  const client = makeDynamoClient({
    region: config.awsRegion,
    endpoint: config.awsEndpointUrl,
    credentials: local ? LOCAL_CREDENTIALS : undefined,
    maxAttempts: 3,
  });
  const logger = makeLogger({ service: "ledger", level: "warn", format: "pretty", fd: 2 });
  try {
    // A replay's signals are kept by the replay's clock: what lies in the span has not expired at the span's start.
    const clock = { nowMs: () => Math.min(systemClock.nowMs(), query.fromSeconds * 1_000) };
    const ledger = makeLedgerStore(client, { tableName: config.signalsTable, clock, logger });
    return await ledger.between(query);
  } finally {
    client.destroy();
  }
}

/** A strategy that the registry no longer has may still have signals. */
function parseStrategyName(text: string): string {
  if (strategyNameSchema.safeParse(text).success) return text;
  throw new InputError(`${JSON.stringify(text)} is not a strategy: write it in capitals, such as ADVANCED`);
}
