import { callersFolder } from "#libs/config/environment.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { commandLineArguments, liveStream, print } from "#libs/terminal/terminal.ts";
import { callersPath } from "#services/shared/arguments.ts";
import { localConfig } from "./config.ts";
import { openExchange } from "./exchange.ts";
import { parseLocalOptions } from "./options.ts";
import { startPipeline } from "./pipeline.ts";
import { countOutcome, emptyProgress, showProgress } from "./progress-view.ts";
import { runOnAndOn, runOnce } from "./run.ts";

const DEFAULT_PORT = 8000;

await runService("local", async (scope) => {
  const parsed = parseLocalOptions(commandLineArguments(), print);
  if (parsed === null) return 0;
  const folder = callersFolder(scope.environment);
  const options = { ...parsed, data: parsed.data === null ? null : callersPath(folder, parsed.data) };
  const config = localConfig(scope.environment);
  // Standard output is for the summary; with a live view only warnings scroll above it.
  const stream = options.json ? null : liveStream();
  const level = stream === null ? config.logLevel : "warn";
  const progress = emptyProgress();
  const view = stream === null ? null : scope.own(showProgress(progress, stream), (shown) => shown.close());
  const root = makeLogger({
    level,
    format: view === null ? config.logFormat : "pretty",
    ...(view === null ? { fd: 2 } : { writer: view.lines }),
  });
  const loggerOf = (service: string) => root.child({ service });
  const logger = loggerOf("local");
  scope.useLogger(logger);

  const exchange = await openExchange(scope, options, config, logger);
  progress.market = exchange.description;
  progress.simulated = exchange.simulated;
  progress.clock = exchange.clock;
  if (exchange.simulated) logger.info({ market: exchange.description }, "prices are simulated");
  if (exchange.replay !== null) {
    const { startMs, endMs } = exchange.replay;
    const times = { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() };
    logger.info(times, "replay started");
  }
  for (const note of exchange.notes) logger.info({ note }, "market data note");

  const port = options.port ?? (options.once ? 0 : DEFAULT_PORT);
  const pipeline = await startPipeline(scope, {
    exchange,
    config,
    port,
    loggerOf,
    events: {
      signalSettled: (item, outcome) => countOutcome(progress.outcomes, item, outcome),
      signalEnded: () => {
        if (progress.signals !== null) progress.signals.ended += 1;
      },
    },
  });
  progress.endpoint = pipeline.endpoint;
  logger.info(
    { endpoint: pipeline.endpoint },
    "DynamoDB endpoint ready: aws dynamodb query --endpoint-url ENDPOINT",
  );

  const running = { pipeline, exchange, progress, logger, options, stopping: scope.stopping };
  if (options.once) {
    const summary = await runOnce(running);
    view?.close();
    // Without a summary the cycle was interrupted, which a script must not take for success.
    if (summary === null) return 1;
    print(summary);
  } else {
    const summary = await runOnAndOn(running);
    view?.close();
    if (summary !== null) print(summary);
  }
  return 0;
});
