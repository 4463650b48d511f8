import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { RESULT_LIFE_SECONDS } from "#libs/contracts/results-item.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { ExchangeSimulator } from "#libs/simulator/server.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import { syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { localConfig } from "#services/local/config.ts";
import { scanAndBacktest, selectAndFind } from "#services/local/cycle.ts";
import { type Pipeline, startPipeline } from "#services/local/pipeline.ts";
import { emptyProgress, type Progress } from "#services/local/progress-view.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { eventually } from "#test/support/eventually.ts";
import { type ManualClock, manualClock } from "#test/support/manual-clock.ts";

/** Half a minute after a boundary of all timeframes. */
const NOW_MS = Date.UTC(2026, 0, 15, 12, 0, 30);
/** Every strategy that has traded at all is selected: there are signals to look at. */
const SETTINGS = {
  TOP_N_COINS: "2",
  TIMEFRAMES: "15m,30m",
  BACKTEST_DAYS: "15m:20,30m:20",
  MIN_WIN_RATE: "0",
  MIN_PNL: "-100000",
  MIN_TRADES: "1",
};

describe("a cycle of the pipeline in one process", () => {
  let clock: ManualClock;
  let simulator: ExchangeSimulator;
  let pipeline: Pipeline;
  let progress: Progress;
  let releases: (() => Promise<void> | void)[];
  const never = new AbortController().signal;

  beforeEach(async () => {
    releases = [];
    clock = manualClock(NOW_MS);
    progress = emptyProgress();
    simulator = await startExchangeSimulator({ source: syntheticExchange(), clock });
    releases.push(() => simulator.close());
    const { logger } = capturedLogger();
    pipeline = await startPipeline(
      {
        stopping: never,
        own: (resource, release) => {
          releases.push(() => release(resource));
          return resource;
        },
      },
      {
        exchange: {
          market: makeBybitMarketData({
            baseUrl: simulator.url,
            requestsPerSecond: 1_000,
            retryDelaysMs: [],
          }),
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
  });
  afterEach(async () => {
    for (const release of releases.reverse()) await release();
  });

  it("ends with every task and every signal, and tells its progress", async () => {
    const scan = await scanAndBacktest(pipeline, progress, never);
    expect(scan?.item).toMatchObject({ totalTasks: 4, pendingTasks: 0, status: "completed" });
    expect(progress.scan).toEqual({
      scanId: scan?.scanned.scanId,
      universe: scan?.scanned.universe.length,
      selected: 2,
    });
    expect(progress.backtests).toMatchObject({ total: 4, ended: 4, failed: 0 });

    const search = await selectAndFind(pipeline, progress, never);
    const taken = search?.selected.taken.length ?? 0;
    expect(taken).toBeGreaterThan(0);
    expect(progress.signals).toEqual({ published: taken, ended: taken });
    expect(progress.selection?.taken).toBe(taken);
    const searched = progress.noEntry.reduce((sum, { count }) => sum + count, 0);
    expect(searched).toBeGreaterThanOrEqual(taken - (search?.positions.length ?? 0) - 1);
    expect(searched).toBeLessThanOrEqual(taken - (search?.positions.length ?? 0));
    expect(progress.positions).toEqual(search?.positions);

    expect(await scanAndBacktest(pipeline, progress, never)).toBeNull();
    expect(await selectAndFind(pipeline, progress, never)).toBeNull();
  });

  it("stores the selection and the pulses of all services, as they do by themselves", async () => {
    const scan = await scanAndBacktest(pipeline, progress, never);
    const search = await selectAndFind(pipeline, progress, never);
    const taken = search?.selected.taken ?? [];
    const refusedCount = Object.values(search?.selected.refused ?? []).reduce((sum, count) => sum + count, 0);
    expect(await pipeline.selections.latest()).toMatchObject({
      takenCount: taken.length,
      refusedCount,
      newestScanId: scan?.scanned.scanId,
    });
    await pipeline.stopPulses();
    const pulses = await pipeline.pulses.all();
    expect(pulses.map(({ service }) => service)).toEqual(["scanner", "analyzer", "selector", "finder"]);
    expect(pulses).toMatchObject([
      { lastScan: { scanId: scan?.scanned.scanId, taken: 2, tasks: 4 }, total: { scans: 1, failures: 0 } },
      { lastWorkAt: NOW_MS, total: { done: 4, failed: 0 } },
      {
        lastRun: { at: NOW_MS, judged: taken.length + refusedCount, published: taken.length },
        queues: [{ queue: "backtest-tasks", ready: 0 }, { queue: "trading-signals" }],
      },
      { total: { signals: taken.length } },
    ]);
    for (const { stoppedAt } of pulses) expect(stoppedAt).toBe(NOW_MS);
  });

  it("goes on when signals have expired in the queue because the exchange failed", async () => {
    await scanAndBacktest(pipeline, progress, never);
    simulator.setFaults({ faults: [{ kind: "http-500" }] });
    const searching = selectAndFind(pipeline, progress, never);
    await eventually(
      "the signals wait for their next attempt",
      async () => (await pipeline.queue.depth(TRADING_SIGNALS)).retrying > 0,
    );
    clock.advance(60_001);
    expect((await searching)?.positions).toEqual([]);
  });

  it("goes on when signals have run out of deliveries", async () => {
    await scanAndBacktest(pipeline, progress, never);
    simulator.setFaults({ faults: [{ kind: "rate-limit", path: "/kline", delayMs: 1 }] });
    const search = await selectAndFind(pipeline, progress, never);
    const taken = search?.selected.taken.length ?? 0;
    expect(taken).toBeGreaterThan(0);
    expect(progress.signals).toEqual({ published: taken, ended: taken });
    expect((await pipeline.queue.depth(TRADING_SIGNALS)).dead).toBe(taken);
  });

  it("goes on when the scan's life has ended before its backtests, as on a machine that slept", async () => {
    simulator.setFaults({ faults: [{ kind: "http-500", path: "/kline" }] });
    const scanning = scanAndBacktest(pipeline, progress, never);
    await eventually(
      "the tasks wait for their next attempt",
      async () => (await pipeline.queue.depth(BACKTEST_TASKS)).retrying > 0,
    );
    clock.advance(RESULT_LIFE_SECONDS * 1000);
    expect((await scanning)?.item).toMatchObject({ totalTasks: 4, pendingTasks: 4 });
  });

  it("ends its waiting when it is told to stop", async () => {
    simulator.setFaults({ faults: [{ kind: "http-500", path: "/kline" }] });
    const stop = new AbortController();
    const running = scanAndBacktest(pipeline, progress, stop.signal);
    await eventually("the backtests have begun", () => progress.backtests !== null);
    stop.abort();
    expect((await running)?.item.pendingTasks).toBeGreaterThan(0);
  });
});
