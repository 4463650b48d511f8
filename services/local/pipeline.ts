import type { LedgerItem, LedgerOutcome } from "#libs/contracts/ledger-item.ts";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE } from "#libs/contracts/tables.ts";
import { makeHistoryLoader } from "#libs/history/history.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { makeInProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import type { Handler, Outcome } from "#libs/queue/queue.ts";
import type { ServiceScope } from "#libs/runtime/lifecycle.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import { workerId } from "#libs/runtime/worker-id.ts";
import { makeLeaseStore } from "#libs/store/dynamodb/lease-store.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { LOCAL_CREDENTIALS, makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { makeSelectionStore } from "#libs/store/dynamodb/status/selection-store.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import { startEmbeddedDynamoDb } from "#libs/store/embedded/embedded-dynamodb.ts";
import { makeAnalyze, makeOnDeadTask } from "#services/analyzer/analyze.ts";
import { makeSettleSignals, type SettleSummary } from "#services/executor/settle-signals.ts";
import { makeFind, makeOnDeadSignal } from "#services/finder/find.ts";
import { type ScanSummary, scan } from "#services/scanner/scan.ts";
import { measure } from "#services/selector/metrics.ts";
import { type SelectSummary, select } from "#services/selector/select.ts";
import { tradeRulesOf } from "#services/shared/trade-rules-of.ts";
import type { LocalConfig } from "./config.ts";
import type { LocalExchange } from "./exchange.ts";
import { startPulses } from "./pulses.ts";

/** Events for the progress view. */
export interface PipelineEvents {
  /** A signal was processed or dead-lettered. Not called for signals that expire in the queue. */
  signalEnded(): void;
  /** A signal has come to its end. */
  signalSettled(item: LedgerItem, outcome: LedgerOutcome): void;
}

const ANALYZER_PREFETCH = 3;
const FINDER_PREFETCH = 4;
/** Small enough for a laptop: BTCUSDT in five timeframes, and the Fibonacci frames of the current coin. */
const HISTORY_CACHE_CANDLES = 300_000;
const REGION = "ap-northeast-2";

/** The four services on the in-process queue and the embedded DynamoDB: the same use cases as in the cloud. */
export async function startPipeline(
  scope: Pick<ServiceScope, "own" | "stopping">,
  parts: {
    readonly exchange: LocalExchange;
    readonly config: LocalConfig;
    readonly port: number;
    readonly loggerOf: (service: string) => Logger;
    readonly events: PipelineEvents;
  },
) {
  const { config, loggerOf, events } = parts;
  const { market, clock } = parts.exchange;
  const database = await startEmbeddedDynamoDb({ port: parts.port, clock });
  scope.own(database, (server) => server.close());
  const dynamo = makeDynamoClient({
    region: REGION,
    endpoint: database.endpoint,
    credentials: LOCAL_CREDENTIALS,
  });
  scope.own(dynamo, (client) => client.destroy());
  await createTables(dynamo);
  const queue = makeInProcessQueue({ logger: loggerOf("queue"), clock });
  scope.own(queue, (broker) => broker.close());

  const logger = loggerOf("analyzer");
  const results = makeResultsStore(dynamo, { tableName: RESULTS_TABLE.name, clock, logger });
  const positions = makePositionsStore(dynamo, {
    tableName: POSITIONS_TABLE.name,
    clock,
    logger: loggerOf("finder"),
  });
  const ledger = makeLedgerStore(dynamo, {
    tableName: SIGNALS_TABLE.name,
    clock,
    logger: loggerOf("finder"),
  });
  const scans = makeScanStore(dynamo, { tableName: SCAN_HISTORY_TABLE.name, clock });
  const history = makeHistoryLoader(market, { cacheSize: HISTORY_CACHE_CANDLES });
  const waiting = { stopping: scope.stopping, pause: (ms: number) => pause(ms, scope.stopping) };
  const rules = tradeRulesOf(config);

  const instruments = makeInstrumentCatalog(market, clock);
  const selections = makeSelectionStore(dynamo, { tableName: SCAN_HISTORY_TABLE.name, clock });
  const pulses = startPulses(scope, {
    dynamo,
    clock,
    speed: parts.exchange.speed,
    worker: workerId(),
    loggerOf,
  });

  const analyze = {
    ...waiting,
    logger,
    history,
    instruments,
    results,
    scans,
    rules,
    analyzerId: workerId(),
    timeframes: config.timeframes,
    backtestDays: config.backtestDays,
    topNCoins: config.topNCoins,
    observe: pulses.analyzer.observe,
  };
  const onDeadTask = makeOnDeadTask(analyze);
  const analyzer = await queue.consume(BACKTEST_TASKS, makeAnalyze(analyze), {
    prefetch: ANALYZER_PREFETCH,
    onDeadLetter: onDeadTask,
  });
  scope.own(analyzer, (consumer) => consumer.stop());
  const find = makeFind({
    ...waiting,
    logger: loggerOf("finder"),
    clock: makeExchangeClock(market, clock),
    history,
    instruments,
    positions,
    ledger,
    source: parts.exchange.source,
    rules,
    finderCandles: config.finderCandles,
    signalMaxAgeSeconds: config.signalMaxAgeSeconds,
    codeVersion: config.codeVersion,
    observe: pulses.finder.observe,
  });
  const onDeadSignal = makeOnDeadSignal(loggerOf("finder"), pulses.finder.observe);
  const finder = await queue.consume(TRADING_SIGNALS, withNotification(find, events.signalEnded), {
    prefetch: FINDER_PREFETCH,
    onDeadLetter: async (letter) => {
      await onDeadSignal(letter);
      events.signalEnded();
    },
  });
  scope.own(finder, (consumer) => consumer.stop());

  const scanning = {
    market,
    scans,
    queue,
    clock,
    logger: loggerOf("scanner"),
    scannerId: workerId(),
    filters: config,
    timeframes: config.timeframes,
  };
  const selecting = {
    results,
    selections,
    leases: makeLeaseStore(dynamo, { tableName: SCAN_HISTORY_TABLE.name, clock }),
    queue,
    clock,
    logger: loggerOf("selector"),
    selectorId: workerId(),
    thresholds: config,
  };
  const settle = makeSettleSignals({
    ledger,
    market,
    clock: makeExchangeClock(market, clock),
    source: parts.exchange.source,
    logger: loggerOf("executor"),
    onSettled: events.signalSettled,
  });
  return {
    endpoint: database.endpoint,
    clock,
    queue,
    results,
    positions,
    ledger,
    scans,
    selections,
    pulses: pulses.store,
    stopPulses: pulses.stop,
    noEntryReasons: pulses.finder.noEntryReasons,
    scan: (): Promise<ScanSummary> => pulses.scanner.observed(() => scan(scanning)),
    async select(): Promise<SelectSummary> {
      await measure({ queue, scans, clock })
        .then(({ queues }) => pulses.selector.measured(queues))
        .catch((error: unknown) => selecting.logger.warn({ err: error }, "could not measure the queues"));
      try {
        return await pulses.selector.observed(() => select(selecting));
      } finally {
        pulses.beatOfSelector();
      }
    },
    settle: (): Promise<SettleSummary> => settle(),
  };
}

export type Pipeline = Awaited<ReturnType<typeof startPipeline>>;

/** The handler, with a notification after each acknowledged message. */
function withNotification<T>(handler: Handler<T>, ended: () => void): Handler<T> {
  return async (delivery): Promise<Outcome> => {
    const outcome = await handler(delivery);
    if (outcome.kind === "ack") ended();
    return outcome;
  };
}
