import { rabbitMqUrl } from "#libs/config/configuration.ts";
import type { BacktestTask } from "#libs/contracts/messages.ts";
import { BACKTEST_TASKS } from "#libs/contracts/queues.ts";
import { makeHistoryLoader } from "#libs/history/history.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { clockOf } from "#libs/runtime/clock.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import { makeTaskProtection } from "#libs/runtime/task-protection.ts";
import { workerId } from "#libs/runtime/worker-id.ts";
import { makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { bybitOptions } from "#services/shared/bybit-options.ts";
import { startPulse } from "#services/shared/pulse.ts";
import { tradeRulesOf } from "#services/shared/trade-rules-of.ts";
import { withTaskProtection } from "#services/shared/with-task-protection.ts";
import { makeAnalyze, makeOnDeadTask } from "./analyze.ts";
import { makeAnalyzerPulse } from "./analyzer-pulse.ts";
import { analyzerConfig } from "./config.ts";

await runService("analyzer", async (scope) => {
  const config = analyzerConfig(scope.environment);
  const logger = makeLogger({ service: "analyzer", level: config.logLevel, format: config.logFormat });
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

  const figures = makeAnalyzerPulse(clock);
  const worker = workerId();
  const store = makePulseStore(dynamo, { tableName: config.scanHistoryTable, clock, logger });
  const pulse = startPulse({ store, clock, worker, logger }, { each: "minute", read: figures.read });
  scope.own(pulse, (running) => running.close());

  const parts = {
    logger,
    stopping: scope.stopping,
    pause: (ms: number) => pause(ms, scope.stopping),
    history: makeHistoryLoader(market),
    instruments: makeInstrumentCatalog(market, clock),
    results: makeResultsStore(dynamo, { tableName: config.resultsTable, clock, logger }),
    scans: makeScanStore(dynamo, { tableName: config.scanHistoryTable, clock }),
    analyzerId: worker,
    rules: tradeRulesOf(config),
    timeframes: config.timeframes,
    backtestDays: config.backtestDays,
    topNCoins: config.topNCoins,
    observe: figures.observe,
  };
  const protection = makeTaskProtection({ agentUri: scope.environment.ECS_AGENT_URI, logger });
  scope.own(protection, (held) => held.close());
  const consumer = await queue.consume(
    BACKTEST_TASKS,
    withTaskProtection<BacktestTask>(protection)(makeAnalyze(parts)),
    {
      prefetch: config.prefetchCount,
      onDeadLetter: makeOnDeadTask(parts),
    },
  );
  scope.own(consumer, (running) => running.stop());
  logger.info({ queue: BACKTEST_TASKS.name, prefetch: config.prefetchCount }, "waiting for tasks");
  await scope.untilStopped();
});
