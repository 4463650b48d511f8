import { rabbitMqUrl } from "#libs/config/configuration.ts";
import type { TradingSignal } from "#libs/contracts/messages.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { makeHistoryLoader } from "#libs/history/history.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { clockOf, systemClock } from "#libs/runtime/clock.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import { makeTaskProtection } from "#libs/runtime/task-protection.ts";
import { workerId } from "#libs/runtime/worker-id.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { bybitOptions } from "#services/shared/bybit-options.ts";
import { startPulse } from "#services/shared/pulse.ts";
import { signalSourceOf } from "#services/shared/signal-source.ts";
import { tradeRulesOf } from "#services/shared/trade-rules-of.ts";
import { withTaskProtection } from "#services/shared/with-task-protection.ts";
import { finderConfig } from "./config.ts";
import { makeFind, makeOnDeadSignal } from "./find.ts";
import { makeFinderPulse } from "./finder-pulse.ts";

await runService("finder", async (scope) => {
  const config = finderConfig(scope.environment);
  const logger = makeLogger({ service: "finder", level: config.logLevel, format: config.logFormat });
  scope.useLogger(logger);

  const dynamo = makeDynamoClient({ region: config.awsRegion, endpoint: config.awsEndpointUrl, logger });
  scope.own(dynamo, (client) => client.destroy());
  const market = makeBybitMarketData({
    ...bybitOptions(config),
    stopping: scope.stopping,
    logger,
  });
  const clock = makeExchangeClock(market, clockOf(config.simulatedTime));
  await clock.sync().catch((error: unknown) => {
    logger.warn({ err: error }, "exchange time not available yet: using the local clock");
  });
  const queue = await connectRabbitMq({
    url: rabbitMqUrl(config),
    logger,
    signal: scope.stopping,
    onRefused: scope.fail,
    // The age of a signal is measured by the exchange's clock too; a stopped simulated clock measures nothing.
    clock: config.simulatedTime === undefined ? clock : systemClock,
  });
  scope.own(queue, (broker) => broker.close());

  const figures = makeFinderPulse(clock);
  const store = makePulseStore(dynamo, { tableName: config.scanHistoryTable, clock, logger });
  const pulse = startPulse(
    { store, clock, worker: workerId(), logger },
    { each: "minute", read: figures.read },
  );
  scope.own(pulse, (running) => running.close());

  const find = makeFind({
    logger,
    clock,
    stopping: scope.stopping,
    pause: (ms: number) => pause(ms, scope.stopping),
    history: makeHistoryLoader(market),
    instruments: makeInstrumentCatalog(market, clock),
    positions: makePositionsStore(dynamo, { tableName: config.positionsTable, clock, logger }),
    ledger: makeLedgerStore(dynamo, { tableName: config.signalsTable, clock, logger }),
    source: signalSourceOf(config),
    rules: tradeRulesOf(config),
    finderCandles: config.finderCandles,
    signalMaxAgeSeconds: config.signalMaxAgeSeconds,
    codeVersion: config.codeVersion,
    observe: figures.observe,
  });
  const protection = makeTaskProtection({ agentUri: scope.environment.ECS_AGENT_URI, logger });
  scope.own(protection, (held) => held.close());
  const consumer = await queue.consume(TRADING_SIGNALS, withTaskProtection<TradingSignal>(protection)(find), {
    prefetch: config.prefetchCount,
    onDeadLetter: makeOnDeadSignal(logger, figures.observe),
  });
  scope.own(consumer, (running) => running.stop());
  logger.info({ queue: TRADING_SIGNALS.name, prefetch: config.prefetchCount }, "waiting for signals");
  await scope.untilStopped();
});
