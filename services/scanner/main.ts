import { rabbitMqUrl } from "#libs/config/configuration.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { clockOf } from "#libs/runtime/clock.ts";
import { runEvery } from "#libs/runtime/every.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { workerId } from "#libs/runtime/worker-id.ts";
import { makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { bybitOptions } from "#services/shared/bybit-options.ts";
import { startPulse } from "#services/shared/pulse.ts";
import { withRunRetry } from "#services/shared/with-run-retry.ts";
import { scannerConfig } from "./config.ts";
import { scanInTurn } from "./scan.ts";
import { makeScannerPulse } from "./scanner-pulse.ts";

await runService("scanner", async (scope) => {
  const config = scannerConfig(scope.environment);
  const logger = makeLogger({ service: "scanner", level: config.logLevel, format: config.logFormat });
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
  const market = makeBybitMarketData({
    ...bybitOptions(config),
    stopping: scope.stopping,
    logger,
  });

  const parts = {
    market,
    queue,
    clock,
    logger,
    scans: makeScanStore(dynamo, { tableName: config.scanHistoryTable, clock }),
    scannerId: workerId(),
    filters: config,
    timeframes: config.timeframes,
  };
  const figures = makeScannerPulse(clock);
  const store = makePulseStore(dynamo, { tableName: config.scanHistoryTable, clock, logger });
  const pulse = startPulse(
    { store, clock, worker: parts.scannerId, logger },
    // A run that is the only one is followed by the last pulse.
    { each: config.runEverySeconds === undefined ? "run" : "minute", read: figures.read },
  );
  scope.own(pulse, (running) => running.close());
  // A scan is named after the exchange's hour: a local clock a few seconds off could name the wrong hour.
  const exchangeClock = makeExchangeClock(market, clock);
  await runEvery(
    { everySeconds: config.runEverySeconds ?? null, clock: exchangeClock, stopping: scope.stopping, logger },
    () =>
      withRunRetry({ logger, stopping: scope.stopping }, async () => {
        await exchangeClock.sync();
        await figures.observed(() => scanInTurn(parts, scope.stopping));
      }),
  );
});
