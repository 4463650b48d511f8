import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import type { BacktestTask } from "#libs/contracts/messages.ts";
import { BACKTEST_TASKS } from "#libs/contracts/queues.ts";
import { scanIdOf } from "#libs/contracts/scan-item.ts";
import type { InProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import { type MessageQueue, QueueError } from "#libs/queue/queue.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import type { ScanStore } from "#libs/store/scan-store.ts";
import { type ScanParts, scan, scanInTurn } from "#services/scanner/scan.ts";
import { eventually } from "#test/support/eventually.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

const NOW_MS = Date.UTC(2026, 0, 15, 12, 0, 30);
const SCAN_ID = "scan-2026-01-15T12";
const FILTERS = {
  topNCoins: 30,
  minVolatility: 0,
  maxVolatility: 100,
  minTurnover24h: 5_000_000,
  minListingDays: 30,
};
const LEASE_MS = 5 * 60_000;

describe("the scanner", () => {
  let world: PipelineWorld;
  let stores: Stores;
  let queue: InProcessQueue;

  beforeAll(async () => {
    world = await startWorld({ nowMs: NOW_MS });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    await world.reset();
    stores = world.stores(await world.tables());
    queue = world.queue();
  });

  function partsOf(overrides: Partial<ScanParts> = {}): ScanParts {
    return {
      market: world.market(),
      scans: stores.scans,
      queue,
      clock: world.clock,
      logger: world.logger,
      scannerId: "scanner-1",
      filters: FILTERS,
      timeframes: TIMEFRAMES,
      ...overrides,
    };
  }

  /** Everything in the queue, in its order. */
  async function published(): Promise<BacktestTask[]> {
    const tasks: BacktestTask[] = [];
    const { ready } = await queue.depth(BACKTEST_TASKS);
    const consumer = await queue.consume(
      BACKTEST_TASKS,
      async ({ message }) => {
        tasks.push(message);
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await eventually("all are read", () => tasks.length === ready);
    await consumer.stop();
    return tasks;
  }

  async function scanned(overrides: Partial<ScanParts> = {}) {
    const summary = await scan(partsOf(overrides));
    if (summary.kind === "held") throw new Error(`held by ${summary.by}`);
    return summary;
  }

  const byId = (tasks: readonly BacktestTask[]) => new Map(tasks.map((task) => [task.taskId, task]));

  it("publishes a task for each of the 30 most volatile coins in each timeframe", async () => {
    const summary = await scanned();
    expect(summary).toMatchObject({ scanId: SCAN_ID, tasks: 150 });
    const tasks = await published();
    expect(tasks.map((task) => task.taskId)).toEqual(
      summary.selected.flatMap((symbol) => TIMEFRAMES.map((name) => `${SCAN_ID}:${symbol}:${name}`)),
    );
    expect(new Set(tasks.map((task) => task.taskId)).size).toBe(150);
    const tickers = new Map((await world.market().tickers()).map((ticker) => [ticker.symbol, ticker]));
    for (const task of tasks) {
      const ticker = tickers.get(task.symbol);
      expect(task).toMatchObject({
        scanId: SCAN_ID,
        scanTimestamp: Math.floor(NOW_MS / 60_000) * 60,
        price: ticker?.lastPrice,
      });
      expect(task.turnover24h).toBeCloseTo(ticker?.turnover24h ?? Number.NaN, 1);
    }
  });

  it("records the whole exchange, each symbol with its rank or the reason why it was not taken", async () => {
    const summary = await scanned();
    const universe = (await stores.scans.universe(SCAN_ID)) ?? [];
    const symbols = (await world.market().tickers()).map((ticker) => ticker.symbol);
    expect(universe.map((entry) => entry.symbol).sort()).toEqual([...symbols].sort());
    expect(universe.filter((entry) => entry.taken).map((entry) => entry.symbol)).toEqual(summary.selected);
    for (const entry of universe) {
      if (entry.taken) expect(entry.reason).toBeUndefined();
      else expect(entry.reason).toMatch(/\w+ \w+/);
    }
    const volatilities = universe.flatMap((entry) => (entry.rank === null ? [] : [entry.volatility24h ?? 0]));
    expect(volatilities).toEqual([...volatilities].sort((a, b) => b - a));
    const refusals = universe.flatMap(({ reason, rank }) => (rank === null && reason ? [reason] : [])).join();
    for (const kind of ["LinearFutures", "USDC", "stock", "turnover", "delisted", "days"]) {
      expect(refusals).toContain(kind);
    }
    expect(await stores.scans.get(SCAN_ID)).toMatchObject({
      status: "published",
      universeCount: symbols.length,
      selectedCount: 30,
      selected: summary.selected,
      timeframes: TIMEFRAMES,
      totalTasks: 150,
      pendingTasks: 150,
    });
  });

  it("is done once an hour, however many scanners start", async () => {
    const outcomes = await Promise.all(
      ["a", "b", "c"].map((scannerId) => scan(partsOf({ scannerId, market: world.market() }))),
    );
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(["held", "held", "scanned"]);
    expect((await queue.depth(BACKTEST_TASKS)).ready).toBe(150);

    world.clock.set(Date.UTC(2026, 0, 15, 12, 59, 59));
    expect((await scan(partsOf({ scannerId: "d" }))).kind).toBe("held");
    expect((await queue.depth(BACKTEST_TASKS)).ready).toBe(150);
    world.clock.set(Date.UTC(2026, 0, 15, 13, 0, 0));
    expect(await scan(partsOf({ scannerId: "d" }))).toMatchObject({
      kind: "scanned",
      scanId: scanIdOf(NOW_MS + 3_600_000),
    });
  });

  describe("that died", () => {
    const other = { scannerId: "scanner-2" };
    const dead = () => Promise.reject(new Error("the scanner died"));

    /** The scanner takes the hour, and whatever it wants of the database after its death does not happen. */
    function dying(overrides: Partial<ScanStore> = {}): ScanStore {
      let taken = false;
      return {
        ...stores.scans,
        acquire: (lease) => {
          if (taken) return dead();
          taken = true;
          return stores.scans.acquire(lease);
        },
        ...overrides,
      };
    }

    /** What a scan without an accident publishes. */
    async function undisturbed(): Promise<ReadonlyMap<string, BacktestTask>> {
      const own = stores;
      stores = world.stores(await world.tables());
      await scanned();
      const tasks = byId(await published());
      stores = own;
      return tasks;
    }

    async function resumed(): Promise<void> {
      expect((await scan(partsOf(other))).kind).toBe("held");
      world.clock.advance(LEASE_MS + 1);
      expect(await scan(partsOf(other))).toMatchObject({ kind: "scanned", scanId: SCAN_ID, tasks: 150 });
      expect(await stores.scans.get(SCAN_ID)).toMatchObject({ status: "published", pendingTasks: 150 });
      expect((await scan(partsOf({ scannerId: "scanner-3" }))).kind).toBe("held");
    }

    it("is followed by one that waits beside it", async () => {
      await expect(scan(partsOf({ scans: dying({ recordUniverse: dead }) }))).rejects.toThrow("died");
      const waiting = scanInTurn(partsOf(other), new AbortController().signal);
      world.clock.advance(LEASE_MS + 1);
      expect((await waiting).kind).toBe("scanned");
      expect(await scanInTurn(partsOf(), AbortSignal.abort())).toMatchObject({ status: "published" });
    });

    it("after it took the hour is followed by another one when its lease has run out", async () => {
      await expect(scan(partsOf({ scans: dying({ recordUniverse: dead }) }))).rejects.toThrow("died");
      expect((await queue.depth(BACKTEST_TASKS)).ready).toBe(0);
      await resumed();
      const tasks = await published();
      expect(tasks).toHaveLength(150);
      // Ranked anew, but with the first one's window.
      expect(new Set(tasks.map((task) => task.scanTimestamp))).toEqual(
        new Set([Math.floor(NOW_MS / 60_000) * 60]),
      );
    });

    it("after it recorded the universe is followed with the same coins and tasks", async () => {
      const expected = await undisturbed();
      const broken: MessageQueue = { ...queue, publish: dead };
      await expect(scan(partsOf({ scans: dying(), queue: broken }))).rejects.toThrow("died");
      await resumed();
      expect(byId(await published())).toEqual(expected);
    });

    it("in the middle of publishing is followed with the same tasks, some of them twice", async () => {
      const expected = await undisturbed();
      const broken: MessageQueue = {
        ...queue,
        async publish(definition, messages) {
          await queue.publish(definition, messages.slice(0, 70));
          throw new QueueError("the connection is gone");
        },
      };
      await expect(scan(partsOf({ scans: dying(), queue: broken }))).rejects.toThrow(
        "the connection is gone",
      );
      await resumed();
      const tasks = await published();
      expect(tasks).toHaveLength(220);
      expect(byId(tasks)).toEqual(expected);
    });

    it("after it published everything is followed with the same tasks", async () => {
      const expected = await undisturbed();
      await expect(scan(partsOf({ scans: dying({ markPublished: dead }) }))).rejects.toThrow("died");
      await resumed();
      expect(byId(await published())).toEqual(expected);
    });
  });

  it.each([
    ["the time", "/time"],
    ["the tickers", "/tickers"],
    ["the instruments", "/instruments-info"],
  ])("fails in one line when the exchange does not give %s, and publishes nothing", async (_, path) => {
    world.simulator.setFaults({ faults: [{ kind: "http-500", path }] });
    const failure = await scan(partsOf()).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      name: "MarketError",
      message: expect.stringMatching(/^[^\n]*500[^\n]*$/),
    });
    expect(await queue.depth(BACKTEST_TASKS)).toEqual({ ready: 0, retrying: 0, dead: 0 });
    expect(await stores.scans.universe(SCAN_ID)).toBeNull();
  });

  it("may be started again at once after a failure, by anyone, and does the same scan", async () => {
    world.simulator.setFaults({ faults: [{ kind: "http-500", path: "/tickers", times: 1 }] });
    await expect(scan(partsOf())).rejects.toThrow("500");
    expect(await scan(partsOf({ scannerId: "scanner-2" }))).toMatchObject({ kind: "scanned", tasks: 150 });
    expect((await scan(partsOf())).kind).toBe("held");
    expect((await queue.depth(BACKTEST_TASKS)).ready).toBe(150);
  });

  it("leaves the lease to the scanner that took it over, when it fails late", async () => {
    const late: MessageQueue = {
      ...queue,
      async publish() {
        world.clock.advance(LEASE_MS + 1);
        await stores.scans.acquire({
          scanId: SCAN_ID,
          scanTimestamp: 1_768_478_400,
          scannerId: "scanner-2",
          leaseMs: LEASE_MS,
        });
        throw new QueueError("the connection is gone");
      },
    };
    await expect(scan(partsOf({ queue: late }))).rejects.toThrow("the connection is gone");
    expect(await scan(partsOf({ scannerId: "scanner-3" }))).toMatchObject({ kind: "held", by: "scanner-2" });
  });

  it("completes at once when no coin passes the filters", async () => {
    const summary = await scanned({ filters: { ...FILTERS, minTurnover24h: 1e15 } });
    expect(summary).toMatchObject({ tasks: 0, selected: [] });
    expect(await stores.scans.get(SCAN_ID)).toMatchObject({ status: "completed", totalTasks: 0 });
    expect((await stores.scans.universe(SCAN_ID))?.length).toBe(summary.universe.length);
  });

  it("completes a scan of an exchange that lists nothing", async () => {
    const empty: ExchangeSource = {
      kind: "synthetic",
      description: "an exchange before its first listing",
      notes: [],
      listings: () => [],
      listing: () => null,
      candles: () => {
        throw new Error("there is no candle");
      },
      dayStatistics: () => null,
      fundingRates: () => [],
      nextFunding: () => null,
    };
    const nothing = await startWorld({ source: empty, nowMs: NOW_MS });
    try {
      expect(await scanned({ market: nothing.market() })).toMatchObject({ tasks: 0, universe: [] });
      expect(await stores.scans.get(SCAN_ID)).toMatchObject({ status: "completed", universeCount: 0 });
    } finally {
      await nothing.close();
    }
  });
});
