import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FAULTS } from "#libs/contracts/faults.ts";
import type { TradingSignal } from "#libs/contracts/messages.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { RESULT_LIFE_SECONDS } from "#libs/contracts/results-item.ts";
import type { InProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import { type MessageQueue, QueueError } from "#libs/queue/queue.ts";
import type { ResultIdentity, TimeframeOutcome } from "#libs/store/results-store.ts";
import { StoreError } from "#libs/store/store-error.ts";
import { type SelectParts, select, selectInTurn } from "#services/selector/select.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { eventually } from "#test/support/eventually.ts";
import { FAILED, figures, identity, NO_TRADES, outcome, SCAN_TIME } from "#test/support/factories/results.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

const NOW_MS = (SCAN_TIME + 90) * 1000;
const MINUTE = Math.floor(NOW_MS / 60_000);
const GOOD = figures({ totalTrades: 20, winRate: 45, totalPnl: 100 });

describe("the selector", () => {
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

  const partsOf = (overrides: Partial<SelectParts> = {}): SelectParts => ({
    results: stores.results,
    leases: stores.leases,
    selections: stores.selections,
    queue,
    clock: world.clock,
    logger: world.logger,
    selectorId: "selector-1",
    thresholds: { minWinRate: 45, minPnl: 100, minTrades: 20 },
    ...overrides,
  });
  const store = (who: Partial<ResultIdentity>, ...outcomes: TimeframeOutcome[]) =>
    Promise.all(outcomes.map((one) => stores.results.record(identity(who), one, ["1m", "5m"], "analyzer-1")));

  async function signals(): Promise<TradingSignal[]> {
    const found: TradingSignal[] = [];
    const { ready } = await queue.depth(TRADING_SIGNALS);
    const consumer = await queue.consume(
      TRADING_SIGNALS,
      async ({ message }) => {
        found.push(message);
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await eventually("all are read", () => found.length === ready);
    await consumer.stop();
    return found;
  }

  it("publishes one signal for each strategy that passes, and for no other", async () => {
    const refused = {
      trades: figures({ ...GOOD, totalTrades: 19 }),
      winRate: figures({ ...GOOD, winRate: 44.99 }),
      pnl: figures({ ...GOOD, totalPnl: 99.99 }),
    };
    await store(
      { symbol: "AAAUSDT" },
      outcome("1m", { strategies: { BASIC: GOOD, ADVANCED: refused.winRate } }),
      outcome("5m", { strategies: { BASIC: refused.pnl, ADVANCED: GOOD } }),
    );
    await store(
      { symbol: "BBBUSDT" },
      outcome("5m", { strategies: { BASIC: refused.trades, ADVANCED: GOOD } }),
    );
    await store({ symbol: "CCCUSDT" }, outcome("5m", { strategies: { BASIC: refused.pnl } }));

    const summary = await select(partsOf());
    expect(summary).toMatchObject({
      kind: "selected",
      coins: 3,
      refused: { trades: 1, win_rate: 1, pnl: 2 },
    });
    const published = await signals();
    expect(summary.kind === "selected" && summary.taken).toEqual(published);
    expect(published.map((signal) => signal.signalId).sort()).toEqual([
      `AAAUSDT:1m:BASIC:${MINUTE}`,
      `AAAUSDT:5m:ADVANCED:${MINUTE}`,
      `BBBUSDT:5m:ADVANCED:${MINUTE}`,
    ]);
    expect(published[0]).toMatchObject({
      winRate: 45,
      totalPnl: 100,
      totalTrades: 20,
      confidenceAvg: GOOD.confidenceAvg,
      scanId: identity().scanId,
      issuedAt: NOW_MS,
    });
  });

  it("goes by the thresholds it was given", async () => {
    await store({}, outcome("1m", { strategies: { BASIC: GOOD } }));
    const strict = { minWinRate: 45, minPnl: 100.01, minTrades: 20 };
    expect(await select(partsOf({ thresholds: strict }))).toMatchObject({ taken: [], refused: { pnl: 1 } });
  });

  it("selects once a minute, however many selectors start, and again in the next one", async () => {
    await store({}, outcome("1m", { strategies: { BASIC: GOOD } }));
    const outcomes = await Promise.all(["a", "b", "c"].map((selectorId) => select(partsOf({ selectorId }))));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["held", "held", "selected"]);
    world.clock.set((MINUTE + 1) * 60_000 - 1);
    expect(await select(partsOf())).toEqual({ kind: "held", isDone: true });
    expect(await signals()).toHaveLength(1);

    world.clock.set((MINUTE + 1) * 60_000);
    expect((await select(partsOf())).kind).toBe("selected");
    expect((await signals()).map(({ signalId }) => signalId)).toEqual([`BTCUSDT:1m:BASIC:${MINUTE + 1}`]);
  });

  it("does not trade on results whose life is over, though the database still has them", async () => {
    await store({ symbol: "OLDUSDT" }, outcome("1m", { strategies: { BASIC: GOOD } }));
    const endMs = (SCAN_TIME + RESULT_LIFE_SECONDS) * 1000;
    world.clock.set(endMs - 60_000);
    expect(await select(partsOf())).toMatchObject({ coins: 1 });
    world.clock.set(endMs);
    expect(await select(partsOf())).toMatchObject({ coins: 0, taken: [] });
  });

  it("judges a coin by its newest scan", async () => {
    await store({ scanId: "scan-old" }, outcome("1m", { strategies: { BASIC: GOOD } }));
    await store(
      { scanId: "scan-new", scanTimestamp: SCAN_TIME + 60 },
      outcome("1m", { strategies: { BASIC: figures({ ...GOOD, totalPnl: 1 }) } }),
    );
    expect(await select(partsOf())).toMatchObject({ coins: 1, taken: [], refused: { pnl: 1 } });
  });

  it("publishes nothing where there is no result, or none with a trade", async () => {
    expect(await select(partsOf())).toMatchObject({ coins: 0, taken: [] });
    await store({ symbol: "AAAUSDT" }, outcome("1m", NO_TRADES), outcome("5m", FAILED));
    world.clock.advance(60_000);
    expect(await select(partsOf())).toMatchObject({ coins: 0, taken: [] });
    expect((await queue.depth(TRADING_SIGNALS)).ready).toBe(0);
  });

  it("fails when the queue does not take the signals, and whoever comes next need not wait", async () => {
    await store({}, outcome("1m", { strategies: { BASIC: GOOD } }));
    const gone = { ...queue, publish: () => Promise.reject(new QueueError("the connection is gone")) };
    await expect(select(partsOf({ queue: gone }))).rejects.toThrow("the connection is gone");
    expect(await select(partsOf({ selectorId: "selector-2" }))).toMatchObject({ kind: "selected" });
    expect(await signals()).toHaveLength(1);
  });

  describe("what it stores", () => {
    const three = () =>
      store(
        { symbol: "AAAUSDT" },
        outcome("1m", { strategies: { BASIC: GOOD, ADVANCED: figures({ ...GOOD, winRate: 44.1 }) } }),
        outcome("5m", { strategies: { BASIC: figures({ ...GOOD, totalPnl: 50 }) } }),
      );

    it("says what was taken and refused, and the nearest refusals with the figure that decided", async () => {
      await three();
      await select(partsOf());
      expect(await stores.selections.latest()).toMatchObject({
        minute: MINUTE,
        selectorId: "selector-1",
        newestScanId: identity().scanId,
        coins: 1,
        judged: 3,
        taken: [{ symbol: "AAAUSDT", timeframe: "1m", strategy: "BASIC", totalTrades: 20, pValue: 0.0321 }],
        nearestRefusals: [
          { timeframe: "1m", strategy: "ADVANCED", code: "win_rate", value: 44.1, limit: 45, distance: 0.02 },
          { timeframe: "5m", strategy: "BASIC", code: "pnl", value: 50, limit: 100, distance: 0.5 },
        ],
      });
    });

    it("stays as it is while the results do, whoever selects, and changes with them", async () => {
      await three();
      await select(partsOf());
      const first = await stores.selections.latest();
      world.clock.advance(60_000);
      await select(partsOf({ selectorId: "selector-2" }));
      expect(await stores.selections.latest()).toEqual(first);
      await store({ symbol: "BBBUSDT" }, outcome("1m", { strategies: { BASIC: GOOD } }));
      world.clock.advance(60_000);
      await select(partsOf({ selectorId: "selector-2" }));
      expect(await stores.selections.latest()).toMatchObject({ coins: 2, takenCount: 2, minute: MINUTE + 2 });
    });

    it("does not fail the run when it cannot be stored, and is stored by the next one", async () => {
      await three();
      const log = capturedLogger();
      const away = {
        ...stores.selections,
        record: () => Promise.reject(new StoreError("the database is away")),
      };
      const summary = await select(partsOf({ selections: away, logger: log.logger }));
      expect(summary).toMatchObject({ kind: "selected", coins: 1 });
      expect(await signals()).toHaveLength(1);
      expect(log.text()).toContain(FAULTS.selectionNotStored.metric);
      world.clock.advance(60_000);
      await select(partsOf());
      expect(await stores.selections.latest()).toMatchObject({ takenCount: 1, minute: MINUTE + 1 });
    });
  });

  it("logs one line a coin: what was taken, or the refusal that was nearest; the strategies only at debug", async () => {
    await store(
      { symbol: "AAAUSDT" },
      outcome("1m", { strategies: { BASIC: GOOD, ADVANCED: figures({ ...GOOD, winRate: 1 }) } }),
      outcome("5m", { strategies: { BASIC: GOOD } }),
    );
    await store(
      { symbol: "BBBUSDT" },
      outcome("1m", {
        strategies: {
          BASIC: figures({ ...GOOD, winRate: 5 }),
          ADVANCED: figures({ ...GOOD, totalPnl: 90 }),
        },
      }),
    );
    const log = capturedLogger();
    await select(partsOf({ logger: log.logger }));
    const lines = log
      .text()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const told = lines.filter(({ level }) => level === 30);
    expect(told).toMatchObject([
      { coins: 2 },
      {
        strategy:
          "AAAUSDT 1m BASIC win rate 45.0 % PnL $100.00, AAAUSDT 5m BASIC win rate 45.0 % PnL $100.00",
        strategies: 2,
      },
      { strategy: "BBBUSDT 1m ADVANCED win rate 45.0 % PnL $90.00", reason: "PnL $90.00 is below $100.00" },
      { strategies: 2, judged: 5, refused: { trades: 0, win_rate: 2, pnl: 1 } },
      { signals: 2 },
    ]);
    expect(lines.filter(({ level, strategy }) => level === 20 && strategy !== undefined)).toHaveLength(5);
  });

  describe("beside another one", () => {
    const never = new AbortController().signal;
    /** Dies with the lease in its hand, before its signals are out. */
    async function die(): Promise<void> {
      const died = () => Promise.reject(new Error("the selector died"));
      const leases = { ...stores.leases, giveUp: died };
      await expect(select(partsOf({ leases, queue: { ...queue, publish: died } }))).rejects.toThrow("died");
    }

    it("waits until the other one's signals are out, and sends none", async () => {
      await store({}, outcome("1m", { strategies: { BASIC: GOOD } }));
      let publish: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        publish = resolve;
      });
      let isAtIt = false;
      const slow: MessageQueue = {
        ...queue,
        async publish(target, messages) {
          isAtIt = true;
          await held;
          await queue.publish(target, messages);
        },
      };
      const first = select(partsOf({ queue: slow }));
      await eventually("the first is at it", () => isAtIt);
      const second = selectInTurn(partsOf({ selectorId: "selector-2" }), never);
      publish();
      expect((await first).kind).toBe("selected");
      expect(await second).toEqual({ kind: "held", isDone: true });
      expect(await signals()).toHaveLength(1);
    });

    it("sends the signals of one that died before they were out", async () => {
      await store({}, outcome("1m", { strategies: { BASIC: GOOD } }));
      await die();
      const second = selectInTurn(partsOf({ selectorId: "selector-2" }), never);
      world.clock.advance(15_000);
      expect((await second).kind).toBe("selected");
      expect(await signals()).toHaveLength(1);
    });

    it("does not wait when it is told to stop", async () => {
      await die();
      expect(await selectInTurn(partsOf(), AbortSignal.abort())).toEqual({ kind: "held", isDone: false });
    });
  });
});
