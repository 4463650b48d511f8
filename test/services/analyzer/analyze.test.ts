import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BacktestResult, backtest } from "#libs/backtest/backtest.ts";
import { statisticsOf } from "#libs/backtest/statistics/statistics.ts";
import { DAY_MS, HOUR_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { type BacktestTask, backtestTaskId } from "#libs/contracts/messages.ts";
import { BACKTEST_TASKS } from "#libs/contracts/queues.ts";
import { RESULT_LIFE_SECONDS } from "#libs/contracts/results-item.ts";
import { loadHistory, makeHistoryLoader } from "#libs/history/history.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import type { InProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import type { Outcome } from "#libs/queue/queue.ts";
import { twoDecimals, twoDecimalsOrNull } from "#libs/store/dynamodb/two-decimals.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { type AnalyzeParts, makeAnalyze, makeOnDeadTask } from "#services/analyzer/analyze.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";
import { startFaultyDynamoDb } from "#test/support/database/faulty-dynamodb.ts";
import { eventually } from "#test/support/eventually.ts";
import { backtestTask } from "#test/support/factories/messages.ts";
import { withoutWriter } from "#test/support/factories/results.ts";
import { sourceMarket } from "#test/support/factories/source-market.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

const SCAN_MS = Date.UTC(2026, 0, 15, 12);
const SCAN_TIMESTAMP = SCAN_MS / 1000;
const SCAN_ID = "scan-2026-01-15T12";
/** The worker comes to the task a while after the scan, in the middle of a candle. */
const NOW_MS = SCAN_MS + 7 * 60_000 + 12_345;
const TIMEFRAMES: readonly Timeframe[] = ["5m", "15m"];
const DAYS = { "1m": 1, "3m": 1, "5m": 2, "15m": 2, "30m": 2 };
const CANDIDATES = ["SOLUSDT", "ETHUSDT", "DOGEUSDT", "KELVAUSDT", "HELIXOUSDT", "ADAUSDT", "SUIUSDT"];

describe("the analyzer", () => {
  let world: PipelineWorld;
  let stores: Stores;
  /** A coin that trades in the window of the 5m task. */
  let coin: string;

  beforeAll(async () => {
    world = await startWorld({ nowMs: NOW_MS });
    for (const symbol of CANDIDATES) {
      coin = symbol;
      if ((await expectedOf(symbol, "5m")).bestStrategy !== "NONE") return;
    }
    throw new Error(`none of ${CANDIDATES.join(", ")} trades in the window`);
  }, 60_000);
  afterAll(() => world?.close());
  beforeEach(async () => {
    await world.reset();
    stores = world.stores(await world.tables());
  });

  function partsOf(overrides: Partial<AnalyzeParts> & { market?: MarketData } = {}): AnalyzeParts {
    const { market = world.market(), ...rest } = overrides;
    return {
      logger: world.logger,
      pause: () => Promise.reject(new Error("nothing here waits")),
      stopping: new AbortController().signal,
      history: makeHistoryLoader(market),
      instruments: makeInstrumentCatalog(market, world.clock),
      results: stores.results,
      scans: stores.scans,
      analyzerId: "analyzer-1",
      rules: DEFAULT_TRADE_RULES,
      timeframes: TIMEFRAMES,
      backtestDays: DAYS,
      topNCoins: 30,
      ...rest,
    };
  }

  function taskOf(symbol: string, timeframe: Timeframe = "5m", overrides: Partial<BacktestTask> = {}) {
    return backtestTask({
      taskId: backtestTaskId(SCAN_ID, symbol, timeframe),
      scanId: SCAN_ID,
      scanTimestamp: SCAN_TIMESTAMP,
      symbol,
      timeframe,
      ...overrides,
    });
  }

  const deliver = (parts: AnalyzeParts, task: BacktestTask, attempt = 1): Promise<Outcome> =>
    makeAnalyze(parts)({ message: task, messageId: task.taskId, attempt, redelivered: attempt > 1 });

  /** A scan that has published its tasks: the coin in both timeframes. */
  async function publishScan(symbol: string): Promise<void> {
    await stores.scans.acquire({
      scanId: SCAN_ID,
      scanTimestamp: SCAN_TIMESTAMP,
      scannerId: "scanner-1",
      leaseMs: 1,
    });
    await stores.scans.recordUniverse(SCAN_ID, [], [symbol], TIMEFRAMES);
    await stores.scans.markPublished(SCAN_ID);
  }

  /** What the core says of the same window, without HTTP, store or service. */
  async function expectedOf(symbol: string, timeframe: Timeframe): Promise<BacktestResult> {
    const { input, firstIndex } = await loadHistory(sourceMarket(world.source, NOW_MS), {
      symbol,
      timeframe,
      fromMs: SCAN_MS - DAYS[timeframe] * DAY_MS,
      toMs: SCAN_MS,
      withBtc: true,
    });
    return backtest(input, { firstIndex, tickSize: tickSizeOf(symbol) });
  }

  function tickSizeOf(symbol: string): string {
    const listing = world.source.listing(symbol, NOW_MS);
    if (listing === null) throw new Error(`${symbol} is not listed`);
    return (listing.tickUnits / 10 ** listing.priceDecimals).toFixed(listing.priceDecimals);
  }

  const counts = async () => {
    const scan = await stores.scans.get(SCAN_ID);
    return [scan?.completedTasks, scan?.noTradesTasks, scan?.failedTasks, scan?.pendingTasks];
  };
  const entryOf = async (symbol: string, timeframe: Timeframe = "5m") =>
    (await stores.results.get(symbol, SCAN_TIMESTAMP))?.timeframes[timeframe];

  async function consume(queue: InProcessQueue, parts: AnalyzeParts) {
    return queue.consume(BACKTEST_TASKS, makeAnalyze(parts), {
      prefetch: 2,
      onDeadLetter: makeOnDeadTask(parts),
    });
  }

  it("stores the figures of the core for the window that ends at the scan", async () => {
    await publishScan(coin);
    expect(await deliver(partsOf(), taskOf(coin))).toEqual({ kind: "ack" });

    const expected = await expectedOf(coin, "5m");
    const best = expected.strategies[expected.bestStrategy]?.figures;
    if (best === undefined) throw new Error("the window has no trade");
    const item = await stores.results.get(coin, SCAN_TIMESTAMP);
    const entry = item?.timeframes["5m"];
    expect(entry).toMatchObject({
      status: "completed",
      bestStrategy: expected.bestStrategy,
      tickSize: tickSizeOf(coin),
      tickShareOfStop: expect.any(Number),
      totalTrades: best.totalTrades,
      winRate: twoDecimalsOrNull(best.winRate),
      totalPnl: twoDecimals(best.totalPnl),
      candles: (DAYS["5m"] * DAY_MS) / timeframeMs("5m"),
      from: SCAN_MS - DAYS["5m"] * DAY_MS,
      to: SCAN_MS,
    });
    expect(entry?.error).toBeUndefined();
    expect(Object.keys(entry?.strategies ?? {})).toEqual(
      expect.arrayContaining(Object.keys(expected.strategies)),
    );
    for (const [name, { figures }] of Object.entries(expected.strategies)) {
      const { totalPnl, fees, funding, maxDrawdown, ...counted } = figures;
      const stored = entry?.strategies[name];
      expect(stored).toMatchObject({
        totalPnl: twoDecimals(totalPnl),
        fees: twoDecimals(fees),
        funding: twoDecimals(funding),
        maxDrawdown: twoDecimals(maxDrawdown),
        totalTrades: counted.totalTrades,
        wins: counted.wins,
        losses: counted.losses,
        skippedEntries: counted.skippedEntries,
        avgWin: twoDecimalsOrNull(counted.avgWin),
        avgLoss: twoDecimalsOrNull(counted.avgLoss),
      });
    }
    // What the scan tries: the one coin it took, in two timeframes, with every strategy of the registry.
    const trials = TIMEFRAMES.length * STRATEGIES.length;
    const { trades, ambiguity } = expected.strategies[expected.bestStrategy] ?? {
      trades: [],
      ambiguity: null,
    };
    const luck = statisticsOf(trades, { count: trials, sharpeVariance: null });
    expect(entry?.strategies[expected.bestStrategy]?.statistics).toEqual({
      winRateLow: twoDecimalsOrNull(luck.winRateInterval?.low ?? null),
      winRateHigh: twoDecimalsOrNull(luck.winRateInterval?.high ?? null),
      pValue: luck.meanTradePValue,
      sharpe: luck.sharpe,
      probabilisticSharpe: luck.probabilisticSharpe,
      deflatedSharpe: luck.deflatedSharpe,
      trials,
      buyAndHoldPnl: expect.any(Number),
      buyAndHoldPercent: expect.any(Number),
      ambiguousTrades: ambiguity?.trades,
      optimisticPnl: twoDecimals(ambiguity?.optimisticPnl ?? Number.NaN),
    });
    expect(item).toMatchObject({
      scanId: SCAN_ID,
      status: "active",
      optimalTimeframe: "5m",
      optimalPnl: twoDecimals(best.totalPnl),
      ttl: SCAN_TIMESTAMP + RESULT_LIFE_SECONDS,
    });
    expect(item?.btcCorrelation).toEqual(expect.any(Number));
    expect(await counts()).toEqual([1, 0, 0, 1]);
  });

  it("allows for as many configurations as a scan has at most when the scan is not known", async () => {
    await deliver(partsOf(), taskOf(coin));
    const trials = 30 * TIMEFRAMES.length * STRATEGIES.length;
    for (const { name } of STRATEGIES) {
      expect((await entryOf(coin))?.strategies[name]?.statistics?.trials).toBe(trials);
    }
  });

  it("trades by the rules it was given", async () => {
    const rules = { ...DEFAULT_TRADE_RULES, marginUsdt: 300 };
    await deliver(partsOf({ rules }), taskOf(coin));
    const expected = await expectedOf(coin, "5m");
    const pnl = expected.strategies[expected.bestStrategy]?.figures.totalPnl ?? Number.NaN;
    // Three times the money at the same leverage: three times the profit.
    expect((await entryOf(coin))?.totalPnl).toBeCloseTo(3 * pnl, 1);
  });

  it.each([
    ["in the next minute", 61_000],
    ["hours later", 5 * HOUR_MS],
  ])("computes the same figures whatever its clock says (%s)", async (_, laterMs) => {
    await deliver(partsOf(), taskOf(coin));
    const first = await entryOf(coin);
    stores = world.stores(await world.tables());
    world.clock.set(NOW_MS + laterMs);
    await deliver(partsOf(), taskOf(coin));
    const second = await entryOf(coin);
    expect({ ...second, analysisTime: 0 }).toEqual({ ...first, analysisTime: 0 });
  });

  it("changes nothing and counts once when a task is delivered again, to any worker", async () => {
    await publishScan(coin);
    await deliver(partsOf(), taskOf(coin));
    const before = await stores.results.get(coin, SCAN_TIMESTAMP);
    const scanBefore = await stores.scans.get(SCAN_ID);
    world.clock.advance(90_000);
    for (const analyzerId of ["analyzer-1", "analyzer-2"]) {
      expect(await deliver(partsOf({ analyzerId }), taskOf(coin), 2)).toEqual({ kind: "ack" });
    }
    expect(await stores.results.get(coin, SCAN_TIMESTAMP)).toEqual(before);
    expect(await stores.scans.get(SCAN_ID)).toEqual(scanBefore);
  });

  it("counts a task whose worker died between the result and the count", async () => {
    await publishScan(coin);
    const untold = { ...stores.scans, recordTaskEnd: () => Promise.reject(new Error("the worker died")) };
    await expect(deliver(partsOf({ scans: untold }), taskOf(coin))).rejects.toThrow("the worker died");
    expect(await counts()).toEqual([0, 0, 0, 2]);
    await deliver(partsOf(), taskOf(coin), 2);
    expect(await counts()).toEqual([1, 0, 0, 1]);
  });

  it.each(["a hole in the data", "a dead letter"])(
    "counts what a dead worker has stored, though the next delivery ends with %s",
    async (end) => {
      await publishScan(coin);
      const untold = { ...stores.scans, recordTaskEnd: () => Promise.reject(new Error("the worker died")) };
      await expect(deliver(partsOf({ scans: untold }), taskOf(coin))).rejects.toThrow("the worker died");
      if (end === "a dead letter") {
        const letter = { message: taskOf(coin), messageId: "task", reason: "delivery limit" };
        await makeOnDeadTask(partsOf())(letter);
      } else {
        world.simulator.setFaults({ faults: [{ kind: "hole", path: `symbol=${coin}&interval=5` }] });
        await deliver(partsOf(), taskOf(coin), 2);
      }
      expect((await entryOf(coin))?.status).toBe("completed");
      expect(await counts()).toEqual([1, 0, 0, 1]);
    },
  );

  it("ends the scan with its last timeframe, delivered in any order and at the same time", async () => {
    await publishScan(coin);
    const parts = partsOf();
    const tasks = [taskOf(coin, "15m"), taskOf(coin, "5m"), taskOf(coin, "5m")];
    await Promise.all(tasks.map((task) => deliver(parts, task)));
    expect(await stores.scans.get(SCAN_ID)).toMatchObject({ status: "completed", pendingTasks: 0 });
    const item = await stores.results.get(coin, SCAN_TIMESTAMP);
    expect(Object.keys(item?.timeframes ?? {}).sort()).toEqual(["15m", "5m"]);
  });

  it("marks a timeframe with a hole in its candles as failed, with the reason, and the scan counts it", async () => {
    await publishScan(coin);
    world.simulator.setFaults({ faults: [{ kind: "hole", path: `symbol=${coin}&interval=5` }] });
    expect(await deliver(partsOf(), taskOf(coin))).toEqual({ kind: "ack" });
    const entry = await entryOf(coin);
    expect(entry).toMatchObject({ status: "failed", totalTrades: 0, winRate: null, bestStrategy: "NONE" });
    expect(entry?.error).toMatch(
      new RegExp(`${coin}: 5-minute candles are incomplete at 20.*: missing candle`),
    );
    expect(await counts()).toEqual([0, 0, 1, 1]);
  });

  it("survives a hole that is gone when the candles are fetched again", async () => {
    world.simulator.setFaults({ faults: [{ kind: "hole", path: `symbol=${coin}`, times: 1 }] });
    await deliver(partsOf(), taskOf(coin));
    expect((await entryOf(coin))?.status).toBe("completed");
  });

  it("moves a failed timeframe over when a later delivery succeeds, and never back", async () => {
    await publishScan(coin);
    const hole = { faults: [{ kind: "hole" as const, path: `symbol=${coin}&interval=5` }] };
    world.simulator.setFaults(hole);
    await deliver(partsOf(), taskOf(coin));
    expect(await counts()).toEqual([0, 0, 1, 1]);

    world.simulator.setFaults({ faults: [] });
    await deliver(partsOf(), taskOf(coin), 2);
    const succeeded = await entryOf(coin);
    expect(succeeded?.status).toBe("completed");
    expect(succeeded?.error).toBeUndefined();
    expect(await counts()).toEqual([1, 0, 0, 1]);

    world.simulator.setFaults(hole);
    await deliver(partsOf(), taskOf(coin), 3);
    expect(await entryOf(coin)).toEqual(succeeded);
    expect(await counts()).toEqual([1, 0, 0, 1]);
  });

  it("dead-letters a symbol the exchange does not know, and marks its timeframe as failed", async () => {
    await publishScan("GHOSTUSDT");
    const queue = world.queue();
    await consume(queue, partsOf());
    await queue.publish(BACKTEST_TASKS, [taskOf("GHOSTUSDT")]);
    const [letter] = await eventually("the task is dead", async () => {
      const letters = await queue.deadLetters(BACKTEST_TASKS, 1);
      return letters.length === 1 && letters;
    });
    expect(letter).toMatchObject({
      messageId: `${SCAN_ID}:GHOSTUSDT:5m`,
      reason: expect.stringMatching(/GHOSTUSDT.*10001.*Not supported symbols/),
    });
    expect(await entryOf("GHOSTUSDT")).toMatchObject({ status: "failed", error: letter?.reason });
    expect(await counts()).toEqual([0, 0, 1, 1]);
  });

  it("backtests on without BTC where the exchange has no BTCUSDT", async () => {
    const market = world.market();
    const withoutBtc: MarketData = {
      ...market,
      candles: (range) =>
        market.candles(range.symbol === "BTCUSDT" ? { ...range, symbol: "NOBTCUSDT" } : range),
    };
    await deliver(partsOf({ market: withoutBtc }), taskOf(coin));
    expect((await entryOf(coin))?.status).not.toBe("failed");
  });

  it.each([
    ["10006", { kind: "rate-limit" as const, delayMs: 3 }],
    ["10016", { kind: "server-error-code" as const }],
    ["HTTP 500", { kind: "http-500" as const }],
    ["a dropped connection", { kind: "dropped" as const }],
  ])("waits in the retry queue while the exchange answers with %s, and completes then", async (_, fault) => {
    await publishScan(coin);
    world.simulator.setFaults({ faults: [{ ...fault, path: "/kline", times: 1 }] });
    const queue = world.queue();
    await consume(queue, partsOf());
    await queue.publish(BACKTEST_TASKS, [taskOf(coin)]);
    await eventually("the backtest is stored", async () => (await counts())[0] === 1);
    expect(world.simulator.requests().faults).toBeGreaterThan(0);
    await eventually("the queue is empty", async () => {
      const depth = await queue.depth(BACKTEST_TASKS);
      return depth.ready + depth.retrying + depth.dead === 0;
    });
  });

  it("comes back as late as the exchange asks", async () => {
    world.simulator.setFaults({ faults: [{ kind: "rate-limit", path: "/kline", delayMs: 120_000 }] });
    const outcome = await deliver(partsOf(), taskOf(coin));
    expect(outcome).toMatchObject({
      kind: "retry",
      delayMs: 120_000,
      reason: expect.stringMatching(/10006/),
    });
    expect(await entryOf(coin)).toBeUndefined();
  });

  it("marks the timeframe as failed when the deliveries run out", async () => {
    await publishScan(coin);
    world.simulator.setFaults({ faults: [{ kind: "rate-limit", path: "/kline", delayMs: 3 }] });
    const queue = world.queue();
    await consume(queue, partsOf());
    await queue.publish(BACKTEST_TASKS, [taskOf(coin)]);
    await eventually("the task is dead", async () => (await queue.depth(BACKTEST_TASKS)).dead === 1);
    expect(await entryOf(coin)).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/delivery limit of 5 reached: .*10006/),
    });
    expect(await counts()).toEqual([0, 0, 1, 1]);
  });

  describe("while the exchange bans this address", () => {
    /** The adapter's own time, which a pause moves on without waiting. */
    function patientMarket() {
      let skippedMs = 0;
      const market = world.market({ time: { nowMs: () => performance.now() + skippedMs } });
      return { market, skip: (ms: number) => (skippedMs += ms) };
    }
    const ban = () => world.simulator.setFaults({ faults: [{ kind: "banned", path: "/kline", times: 1 }] });

    it("keeps the message, makes no call, and completes it when the ban is over", async () => {
      ban();
      const { market, skip } = patientMarket();
      const pauses: number[] = [];
      const pause = async (ms: number) => {
        pauses.push(ms);
        const timeCalls = () => world.simulator.requests().byPath["/v5/market/time"];
        const before = timeCalls();
        await expect(market.serverTimeMs()).rejects.toMatchObject({ kind: "banned" });
        expect(timeCalls()).toBe(before);
        skip(ms);
      };
      expect(await deliver(partsOf({ market, pause }), taskOf(coin))).toEqual({ kind: "ack" });
      expect(pauses).toHaveLength(1);
      expect(pauses[0]).toBeGreaterThan(9 * 60_000);
      expect(pauses[0]).toBeLessThanOrEqual(10 * 60_000);
      expect((await entryOf(coin))?.status).toBe("completed");
    });

    it("waits again when it was woken too early", async () => {
      ban();
      const { market, skip } = patientMarket();
      const pauses: number[] = [];
      const pause = async (ms: number) => {
        pauses.push(ms);
        skip(pauses.length === 1 ? 60_000 : ms);
      };
      expect(await deliver(partsOf({ market, pause }), taskOf(coin))).toEqual({ kind: "ack" });
      expect(pauses).toHaveLength(2);
      expect(pauses[1]).toBeLessThanOrEqual((pauses[0] ?? 0) - 60_000);
    });

    it("gives the message back unharmed when it is told to stop", async () => {
      await publishScan(coin);
      ban();
      const stop = new AbortController();
      const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
      let waiting = false;
      const pause = () => {
        waiting = true;
        return stopped;
      };
      const queue = world.queue();
      const consumer = await consume(
        queue,
        partsOf({ pause, stopping: stop.signal, market: patientMarket().market }),
      );
      await queue.publish(BACKTEST_TASKS, [taskOf(coin)]);
      await eventually("it waits for the end of the ban", () => waiting);
      stop.abort();
      await consumer.stop();
      expect(await queue.depth(BACKTEST_TASKS)).toEqual({ ready: 1, retrying: 0, dead: 0 });
      expect(await counts()).toEqual([0, 0, 0, 2]);

      await consume(queue, partsOf());
      await eventually("another worker does it", async () => (await counts())[0] === 1);
    });
  });

  it("retries a task whose result the database did not take, and stores it then", async () => {
    const tables = await world.tables();
    const proxy = await startFaultyDynamoDb(world.database.endpoint);
    const client = clientOf(proxy.endpoint, { maxAttempts: 1 });
    try {
      stores = world.stores(tables, client);
      proxy.decide = () => ({
        kind: "error",
        status: 400,
        type: "ProvisionedThroughputExceededException",
        message: "slow down",
      });
      const outcome = await deliver(partsOf(), taskOf(coin));
      expect(outcome).toMatchObject({ kind: "retry", reason: expect.stringMatching(/slow down/) });
      proxy.decide = () => ({ kind: "pass" });
      expect(await deliver(partsOf(), taskOf(coin), 2)).toEqual({ kind: "ack" });
      expect((await entryOf(coin))?.status).toBe("completed");
    } finally {
      client.destroy();
      await proxy.close();
    }
  });

  it("throws a bug on, for the queue to log and count", async () => {
    const broken = { load: () => Promise.reject(new TypeError("undefined is not a candle")) };
    await expect(deliver(partsOf({ history: broken }), taskOf(coin))).rejects.toThrow("not a candle");
  });

  it("stores no result for a scan whose life is over, and lets the scan end", async () => {
    await publishScan(coin);
    world.clock.set((SCAN_TIMESTAMP + RESULT_LIFE_SECONDS) * 1000 + 1);
    expect(await deliver(partsOf(), taskOf(coin))).toEqual({ kind: "ack" });
    world.clock.set(NOW_MS);
    expect(await stores.results.get(coin, SCAN_TIMESTAMP)).toBeNull();
    expect(await counts()).toEqual([0, 0, 1, 1]);
  });

  it("lets a scan whose life is over end with a task that dies", async () => {
    await publishScan(coin);
    world.clock.set((SCAN_TIMESTAMP + RESULT_LIFE_SECONDS) * 1000 + 1);
    const message = taskOf(coin);
    await makeOnDeadTask(partsOf())({ message, messageId: message.taskId, reason: "nobody was there" });
    world.clock.set(NOW_MS);
    expect(await stores.results.get(coin, SCAN_TIMESTAMP)).toBeNull();
    expect(await counts()).toEqual([0, 0, 1, 1]);
  });

  it("comes back when the exchange's clock is behind the scan, and stores the whole window then", async () => {
    await publishScan(coin);
    world.clock.set(SCAN_MS - 1);
    expect(await deliver(partsOf(), taskOf(coin))).toEqual({
      kind: "retry",
      reason: expect.stringContaining("the backtest window ends at 2026-01-15T12:00:00.000Z"),
    });
    expect(await counts()).toEqual([0, 0, 0, 2]);
    world.clock.set(SCAN_MS);
    expect(await deliver(partsOf(), taskOf(coin), 2)).toEqual({ kind: "ack" });
    expect(await entryOf(coin)).toMatchObject({ to: SCAN_MS });
  });

  it("backtests what there is of a coin that was listed in the middle of the window", async () => {
    const fresh = world.source
      .listings(NOW_MS)
      .find((listing) => listing.launchTimeMs > SCAN_MS - 14 * DAY_MS && listing.quoteCoin === "USDT");
    if (fresh === undefined) throw new Error("the exchange has no fresh listing");
    await deliver(partsOf({ backtestDays: { ...DAYS, "30m": 21 } }), taskOf(fresh.symbol, "30m"));
    expect(await entryOf(fresh.symbol, "30m")).toMatchObject({
      candles: Math.floor((SCAN_MS - fresh.launchTimeMs) / timeframeMs("30m")),
      from: fresh.launchTimeMs,
      to: SCAN_MS,
      status: expect.stringMatching(/^(completed|no_trades)$/),
    });
  });

  it("fails a timeframe without a single candle, and says so", async () => {
    const fresh = world.source.listings(NOW_MS).reduce((a, b) => (b.launchTimeMs > a.launchTimeMs ? b : a));
    const beforeLaunch = Math.floor(fresh.launchTimeMs / 1000) - 60;
    world.clock.set(fresh.launchTimeMs + 60_000);
    const task = taskOf(fresh.symbol, "5m", { scanTimestamp: beforeLaunch });
    expect(await deliver(partsOf(), task)).toEqual({ kind: "ack" });
    const item = await stores.results.get(fresh.symbol, beforeLaunch);
    expect(item?.timeframes["5m"]).toMatchObject({
      status: "failed",
      candles: 0,
      error: `${fresh.symbol} has no 5m candles in the backtest window`,
    });
  });

  it("makes a coin inactive when its last timeframe has ended and none has traded", async () => {
    await publishScan(coin);
    world.simulator.setFaults({ faults: [{ kind: "hole", path: `symbol=${coin}` }] });
    await deliver(partsOf(), taskOf(coin, "5m"));
    expect((await stores.results.get(coin, SCAN_TIMESTAMP))?.status).toBe("pending");
    await deliver(partsOf(), taskOf(coin, "15m"));
    expect(withoutWriter(await stores.results.get(coin, SCAN_TIMESTAMP))).toMatchObject({
      status: "inactive",
      version: 2,
    });
    expect((await stores.scans.get(SCAN_ID))?.status).toBe("completed");
  });

  it("lets several tasks of one coin share what they load", async () => {
    const parts = partsOf();
    await deliver(parts, taskOf(coin));
    const once = world.simulator.requests().total;
    stores = world.stores(await world.tables());
    await deliver({ ...parts, results: stores.results, scans: stores.scans }, taskOf(coin));
    expect(world.simulator.requests().total).toBe(once);
  });
});
