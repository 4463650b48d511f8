import { rabbitMqUrl } from "#libs/config/configuration.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { clockOf } from "#libs/runtime/clock.ts";
import { runEvery } from "#libs/runtime/every.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { workerId } from "#libs/runtime/worker-id.ts";
import { makeLeaseStore } from "#libs/store/dynamodb/lease-store.ts";
import { makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { makeSelectionStore } from "#libs/store/dynamodb/status/selection-store.ts";
import { startPulse } from "#services/shared/pulse.ts";
import { selectorConfig } from "./config.ts";
import { reportMetrics } from "./metrics.ts";
import { selectInTurn } from "./select.ts";
import { makeSelectorPulse } from "./selector-pulse.ts";

await runService("selector", async (scope) => {
  const config = selectorConfig(scope.environment);
  const logger = makeLogger({ service: "selector", level: config.logLevel, format: config.logFormat });
  scope.useLogger(logger);

  const clock = clockOf(config.simulatedTime);
  const dynamo = makeDynamoClient({ region: config.awsRegion, endpoint: config.awsEndpointUrl, logger });
  scope.own(dynamo, (client) => client.destroy());
  const queue = await connectRabbitMq({
    url: rabbitMqUrl(config),
    logger,
    signal: scope.stopping,
    onRefused: scope.fail,
  });
  scope.own(queue, (broker) => broker.close());

  const parts = {
    queue,
    clock,
    logger,
    results: makeResultsStore(dynamo, { tableName: config.resultsTable, clock, logger }),
    leases: makeLeaseStore(dynamo, { tableName: config.scanHistoryTable, clock }),
    selections: makeSelectionStore(dynamo, { tableName: config.scanHistoryTable, clock }),
    selectorId: workerId(),
    thresholds: config,
  };
  const scans = makeScanStore(dynamo, { tableName: config.scanHistoryTable, clock });
  const figures = makeSelectorPulse(clock);
  const store = makePulseStore(dynamo, { tableName: config.scanHistoryTable, clock, logger });
  const pulse = startPulse(
    { store, clock, worker: parts.selectorId, logger },
    { each: "run", read: figures.read },
  );
  scope.own(pulse, (running) => running.close());
  await runEvery(
    { everySeconds: config.runEverySeconds ?? null, clock, stopping: scope.stopping, logger },
    async () => {
      // A selection matters more than its metrics; missing metrics raise an alarm anyway.
      await reportMetrics({ queue, scans, clock, logger })
        .then(figures.measured)
        .catch((error: unknown) => logger.warn({ err: error }, "could not measure queues and scans"));
      try {
        await figures.observed(() => selectInTurn(parts, scope.stopping));
      } finally {
        // The only run of a process is followed by the last pulse.
        if (config.runEverySeconds !== undefined) pulse.beat();
      }
    },
  );
});
