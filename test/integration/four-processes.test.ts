import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { ResultsItem } from "#libs/contracts/results-item.ts";
import { scanIdOf } from "#libs/contracts/scan-item.ts";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE } from "#libs/contracts/tables.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { MessageQueue } from "#libs/queue/queue.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { type ExchangeSimulator, startExchangeSimulator } from "#libs/simulator/server.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { LOCAL_CREDENTIALS, makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from "#libs/store/embedded/embedded-dynamodb.ts";
import { localConfig } from "#services/local/config.ts";
import { scanAndBacktest, selectAndFind } from "#services/local/cycle.ts";
import { startPipeline } from "#services/local/pipeline.ts";
import { emptyProgress } from "#services/local/progress-view.ts";
import { type DayCounts, emptyCounts, readLog } from "#test/programs/load/day-counts.ts";
import {
  type PrivateBroker,
  privateBrokerAvailable,
  startPrivateBroker,
} from "#test/support/broker/rabbitmq.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { eventually } from "#test/support/eventually.ts";
import { type ServiceProcess, startService } from "#test/support/process/service-process.ts";

const clock = simulatedClock(DEFAULT_START_MS, 0);
/** Small, and with filters that let some strategies through: what is compared is the two ways of running. */
const SETTINGS = {
  TOP_N_COINS: "12",
  TIMEFRAMES: "5m,15m,30m",
  MIN_WIN_RATE: "30",
  MIN_PNL: "-100000",
  MIN_TRADES: "1",
};
const EMPTY = { ready: 0, retrying: 0, dead: 0 };
const SCAN_ID = scanIdOf(DEFAULT_START_MS);

interface Outcome {
  readonly results: readonly unknown[];
  readonly positions: readonly unknown[];
}

/** What must be the same on every machine: all but who wrote, when, and how long it took. */
function comparable(results: readonly ResultsItem[], positions: readonly PositionItem[]): Outcome {
  const bySymbol = <T extends { symbol: string }>(items: readonly T[]) =>
    [...items].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  return {
    results: bySymbol(results).map(
      ({ analyzerId: _, createdAt: __, updatedAt: ___, timeframes, ...item }) => ({
        ...item,
        timeframes: Object.entries(timeframes)
          .sort()
          .map(([timeframe, { analysisTime: ____, ...result }]) => [timeframe, result]),
      }),
    ),
    positions: bySymbol(positions).map(({ createdAt: _, updatedAt: __, ...position }) => position),
  };
}

describe.skipIf(!privateBrokerAvailable())("the four services as processes", () => {
  let simulator: ExchangeSimulator;
  let database: EmbeddedDynamoDb;
  let broker: PrivateBroker;
  let queue: MessageQueue;
  let dynamo: ReturnType<typeof makeDynamoClient>;
  const running: ServiceProcess[] = [];
  const logger = capturedLogger().logger;

  beforeAll(async () => {
    [simulator, database, broker] = await Promise.all([
      startExchangeSimulator({ source: syntheticExchange(), clock }),
      startEmbeddedDynamoDb(),
      startPrivateBroker(),
    ]);
    dynamo = makeDynamoClient({
      region: "local",
      endpoint: database.endpoint,
      credentials: LOCAL_CREDENTIALS,
    });
    await createTables(dynamo);
    queue = await connectRabbitMq({ url: broker.url, logger });
  }, 120_000);

  afterAll(async () => {
    for (const service of running) service.kill("SIGKILL");
    await Promise.all(running.map((service) => service.exited));
    await queue?.close();
    dynamo?.destroy();
    await Promise.all([simulator?.close(), database?.close(), broker?.dispose()]);
  });

  function start(
    name: Parameters<typeof startService>[0],
    extra: Record<string, string> = {},
  ): ServiceProcess {
    const service = startService(name, {
      ...SETTINGS,
      AWS_ENDPOINT_URL: database.endpoint,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      RABBITMQ_URL: broker.url,
      BYBIT_BASE_URL: simulator.url,
      BYBIT_REQUESTS_PER_SECOND: "1000",
      SIMULATED_TIME: new Date(DEFAULT_START_MS).toISOString(),
      ...extra,
    });
    running.push(service);
    return service;
  }

  const stores = () => ({
    results: makeResultsStore(dynamo, { tableName: RESULTS_TABLE.name, clock, logger }),
    positions: makePositionsStore(dynamo, { tableName: POSITIONS_TABLE.name, clock, logger }),
    scans: makeScanStore(dynamo, { tableName: SCAN_HISTORY_TABLE.name, clock }),
  });

  async function inOneProcess(): Promise<Outcome> {
    const releases: (() => Promise<void> | void)[] = [];
    const own = <T>(resource: T, release: (resource: T) => Promise<void> | void): T => {
      releases.push(() => release(resource));
      return resource;
    };
    const progress = emptyProgress();
    const stopping = new AbortController().signal;
    const pipeline = await startPipeline(
      { own, stopping },
      {
        exchange: {
          market: makeBybitMarketData({ baseUrl: simulator.url, requestsPerSecond: 1000 }),
          clock,
          speed: 0,
          advance: null,
          endMs: null,
          description: "synthetic",
          simulated: true,
          source: { market: "synthetic", simulated: true },
          seed: null,
          notes: [],
          replay: null,
        },
        config: localConfig(SETTINGS),
        port: 0,
        loggerOf: () => logger,
        events: {
          signalSettled: () => {},
          signalEnded: () => {
            if (progress.signals !== null) progress.signals.ended += 1;
          },
        },
      },
    );
    try {
      await scanAndBacktest(pipeline, progress, stopping);
      const search = await selectAndFind(pipeline, progress, stopping);
      return comparable(await pipeline.results.ofScan(SCAN_ID), search?.positions ?? []);
    } finally {
      for (const release of releases.reverse()) await release();
    }
  }

  function countsOf(...services: readonly ServiceProcess[]): DayCounts {
    const counts = emptyCounts();
    for (const service of services) {
      const lines = service.lines().map((line) => JSON.stringify(line));
      readLog({ name: "service", log: { read: () => lines } }, counts);
    }
    return counts;
  }

  it("produce the same results and positions as one process, though a worker is killed in the middle", async () => {
    const expected = await inOneProcess();
    expect(expected.results).toHaveLength(12);
    expect(expected.positions.length).toBeGreaterThan(0);

    const first = start("analyzer");
    const scanner = start("scanner");
    expect(await scanner.exited, scanner.output()).toBe(0);
    await first.said("backtest stored");
    first.kill("SIGKILL");
    const analyzers = [start("analyzer"), start("analyzer")];
    const { results, positions, scans } = stores();
    const item = await eventually(
      "every task has ended",
      async () => {
        const scan = await scans.get(SCAN_ID);
        return scan?.status === "completed" ? scan : null;
      },
      { timeoutMs: 120_000, everyMs: 100 },
    );
    expect(item).toMatchObject({ totalTasks: 36, pendingTasks: 0, failedTasks: 0 });
    expect(item.completedTasks + item.noTradesTasks).toBe(36);

    const finder = start("finder");
    const selector = start("selector");
    expect(await selector.exited, selector.output()).toBe(0);
    await eventually(
      "every signal has been looked at",
      () => {
        // What is in hand when a finder is told to stop goes back to the queue.
        const { signals, signalsPublished } = countsOf(selector, finder);
        return signalsPublished > 0 && signals.size === signalsPublished;
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
    for (const service of [...analyzers, finder]) service.kill("SIGTERM");
    for (const service of [...analyzers, finder]) expect(await service.exited, service.output()).toBe(0);

    expect(comparable(await results.ofScan(SCAN_ID), await positions.active())).toEqual(expected);
    expect(await queue.depth(BACKTEST_TASKS)).toEqual(EMPTY);
    expect(await queue.depth(TRADING_SIGNALS)).toEqual(EMPTY);
  }, 240_000);

  it("do the same hour's scan and the same minute's selection once, and say so", async () => {
    const again = [start("scanner"), start("selector")];
    for (const service of again) expect(await service.exited, service.output()).toBe(0);
    expect(await queue.depth(BACKTEST_TASKS)).toEqual(EMPTY);
    expect(await queue.depth(TRADING_SIGNALS)).toEqual(EMPTY);
  }, 60_000);

  it.each(["scanner", "analyzer", "selector", "finder"] as const)(
    "name every wrong variable and exit with 2 before anything is connected (%s)",
    async (name) => {
      const service = start(name, {
        LOG_LEVEL: "loud",
        RABBITMQ_URL: "amqp://127.0.0.1:1",
        AWS_ENDPOINT_URL: "no",
      });
      expect(await service.exited).toBe(2);
      expect(service.output()).toMatch(/^invalid configuration: .*AWS_ENDPOINT_URL: .*LOG_LEVEL: .*\n$/);
    },
    30_000,
  );

  it("stop while they wait for a broker that is not there, and never show its password", async () => {
    const waiting = start("selector", { RABBITMQ_URL: "amqp://guest:hunter2@127.0.0.1:1" });
    await eventually("it has something to say", () => waiting.lines().length > 0);
    waiting.kill("SIGTERM");
    expect(await waiting.exited, waiting.output()).toBe(0);
    expect(waiting.output()).not.toContain("hunter2");
  }, 60_000);
});
