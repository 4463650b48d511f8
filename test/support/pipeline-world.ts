import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type BybitOptions, makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { type InProcessQueue, makeInProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { type ExchangeSimulator, startExchangeSimulator } from "#libs/simulator/server.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { makeLeaseStore } from "#libs/store/dynamodb/lease-store.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { makeSelectionStore } from "#libs/store/dynamodb/status/selection-store.ts";
import type { LedgerStore } from "#libs/store/ledger-store.ts";
import type { PositionsStore } from "#libs/store/positions-store.ts";
import type { PulseStore } from "#libs/store/pulse-store.ts";
import type { ResultsStore } from "#libs/store/results-store.ts";
import type { LeaseStore, ScanStore } from "#libs/store/scan-store.ts";
import type { SelectionStore } from "#libs/store/selection-store.ts";
import { capturedLogger } from "./captured-logger.ts";
import {
  clientOf,
  freshTables,
  startEmbedded,
  type TestDynamoDb,
  type TestTables,
} from "./database/dynamodb.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";

export interface Stores {
  readonly results: ResultsStore;
  readonly positions: PositionsStore;
  readonly ledger: LedgerStore;
  readonly scans: ScanStore;
  readonly leases: LeaseStore;
  readonly selections: SelectionStore;
  readonly pulses: PulseStore;
}

/** The real parts around the services: a simulated exchange over HTTP, a database, queues, one clock for all. */
export interface PipelineWorld {
  readonly clock: ManualClock;
  readonly source: ExchangeSource;
  readonly simulator: ExchangeSimulator;
  readonly database: TestDynamoDb;
  readonly dynamo: DynamoDBDocumentClient;
  readonly logger: Logger;
  /** The real adapter, impatient: it asks once and refetches once unless told otherwise. Holds no earlier ban. */
  market(options?: Partial<BybitOptions>): MarketData;
  /** Tables of its own for a test. */
  tables(): Promise<TestTables>;
  stores(tables: TestTables, client?: DynamoDBDocumentClient): Stores;
  queue(): InProcessQueue;
  /** Ends queues and faults of the test before. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function startWorld(
  options: { source?: ExchangeSource; nowMs?: number } = {},
): Promise<PipelineWorld> {
  const { source = syntheticExchange(), nowMs = DEFAULT_START_MS } = options;
  const clock = manualClock(nowMs);
  const [simulator, database] = await Promise.all([
    startExchangeSimulator({ source, clock }),
    startEmbedded(),
  ]);
  const dynamo = clientOf(database.endpoint);
  const { logger } = capturedLogger();
  const queues: InProcessQueue[] = [];

  async function reset(): Promise<void> {
    simulator.setFaults({ faults: [] });
    clock.set(nowMs);
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
  }

  return {
    clock,
    source,
    simulator,
    database,
    dynamo,
    logger,
    market: (overrides = {}) =>
      makeBybitMarketData({
        baseUrl: simulator.url,
        requestsPerSecond: 1_000,
        retryDelaysMs: [],
        refetchDelaysMs: [1],
        ...overrides,
      }),
    tables: () => freshTables(dynamo),
    stores: (tables, client = dynamo) => ({
      results: makeResultsStore(client, { tableName: tables.results.name, clock, logger }),
      positions: makePositionsStore(client, { tableName: tables.positions.name, clock, logger }),
      ledger: makeLedgerStore(client, { tableName: tables.signals.name, clock, logger }),
      scans: makeScanStore(client, { tableName: tables.scans.name, clock }),
      leases: makeLeaseStore(client, { tableName: tables.scans.name, clock }),
      selections: makeSelectionStore(client, { tableName: tables.scans.name, clock }),
      pulses: makePulseStore(client, { tableName: tables.scans.name, clock, logger }),
    }),
    queue: () => {
      const queue = makeInProcessQueue({ logger, clock });
      queues.push(queue);
      return queue;
    },
    reset,
    async close() {
      await reset();
      dynamo.destroy();
      await Promise.all([simulator.close(), database.close()]);
    },
  };
}
