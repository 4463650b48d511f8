import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BacktestTask, backtestTaskId } from "#libs/contracts/messages.ts";
import { RESULT_LIFE_SECONDS } from "#libs/contracts/results-item.ts";
import { type HistoryLoader, makeHistoryLoader } from "#libs/history/history.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { makeAnalyze, makeOnDeadTask } from "#services/analyzer/analyze.ts";
import { makeAnalyzerPulse } from "#services/analyzer/analyzer-pulse.ts";
import { backtestTask } from "#test/support/factories/messages.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

const SCAN_MS = Date.UTC(2026, 0, 15, 12);
const NOW_MS = SCAN_MS + 60_000;
const DAYS = { "1m": 1, "3m": 1, "5m": 1, "15m": 1, "30m": 1 };

describe("the analyzer's pulse", () => {
  let world: PipelineWorld;
  let stores: Stores;

  beforeAll(async () => {
    world = await startWorld({ nowMs: NOW_MS });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    await world.reset();
    stores = world.stores(await world.tables());
  });

  const failing = (error: MarketError): HistoryLoader => ({ load: () => Promise.reject(error) });

  it("counts backtests that are done and that failed, waits for another attempt and dead letters", async () => {
    const counted = makeAnalyzerPulse(world.clock);
    const parts = (history: HistoryLoader) => ({
      logger: world.logger,
      pause: () => Promise.reject(new Error("nothing here waits")),
      stopping: new AbortController().signal,
      history,
      instruments: makeInstrumentCatalog(world.market(), world.clock),
      results: stores.results,
      scans: stores.scans,
      analyzerId: "analyzer-1",
      rules: DEFAULT_TRADE_RULES,
      timeframes: ["30m" as const],
      backtestDays: DAYS,
      topNCoins: 30,
      observe: counted.observe,
    });
    const deliver = (history: HistoryLoader, overrides: Partial<BacktestTask> = {}) => {
      const task = backtestTask({ scanTimestamp: SCAN_MS / 1_000, timeframe: "30m", ...overrides });
      const named = { ...task, taskId: backtestTaskId(task.scanId, task.symbol, task.timeframe) };
      return makeAnalyze(parts(history))({
        message: named,
        messageId: named.taskId,
        attempt: 1,
        redelivered: false,
      });
    };
    const read = () =>
      counted.read({ worker: "one", startedAt: NOW_MS, writtenAt: world.clock.nowMs(), stoppedAt: null });
    const market = makeHistoryLoader(world.market());

    expect(read()).toMatchObject({ lastWorkAt: null, total: { done: 0, failed: 0 } });
    expect((await deliver(failing(new MarketError("retryable", "away")))).kind).toBe("retry");
    expect(read()).toMatchObject({ lastWorkAt: null, total: { done: 0, failed: 0, retries: 1 } });
    await deliver(market, { symbol: "SOLUSDT" });
    await deliver(market, { symbol: "ETHUSDT" });
    world.clock.advance(90_000);
    await deliver(failing(new MarketError("incomplete", "a hole")), { symbol: "ADAUSDT" });
    await makeOnDeadTask(parts(market))({ message: null, messageId: "broken", reason: "broken" });
    expect(read()).toMatchObject({
      service: "analyzer",
      lastWorkAt: world.clock.nowMs(),
      total: { done: 2, failed: 1, retries: 1, deadLetters: 1 },
      lastMinute: { done: 0, failed: 1, retries: 0, deadLetters: 1 },
    });
    world.clock.set(SCAN_MS + RESULT_LIFE_SECONDS * 1_000 + 1);
    await deliver(market, { symbol: "DOGEUSDT" });
    expect(read()).toMatchObject({ total: { done: 2, failed: 2 } });
  }, 30_000);
});
