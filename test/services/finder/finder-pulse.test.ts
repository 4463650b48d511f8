import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { tradingSignalId } from "#libs/contracts/messages.ts";
import { makeHistoryLoader } from "#libs/history/history.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { type FindParts, makeFind, makeOnDeadSignal } from "#services/finder/find.ts";
import { type FindEvent, makeFinderPulse } from "#services/finder/finder-pulse.ts";
import { tradingSignal } from "#test/support/factories/messages.ts";
import { manualClock } from "#test/support/manual-clock.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

const START_MS = Date.UTC(2026, 0, 15, 0, 0, 5);
const FRAME_MS = 15 * 60_000;
const SEARCHES = 48;

describe("the finder's pulse", () => {
  let world: PipelineWorld;
  let stores: Stores;
  let counted: ReturnType<typeof makeFinderPulse>;
  let events: FindEvent[];

  beforeAll(async () => {
    world = await startWorld({ nowMs: START_MS });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    await world.reset();
    stores = world.stores(await world.tables());
    counted = makeFinderPulse(world.clock);
    events = [];
  });

  function partsOf(overrides: Partial<FindParts> = {}): FindParts {
    const market = world.market();
    return {
      logger: world.logger,
      pause: () => Promise.reject(new Error("nothing here waits")),
      stopping: new AbortController().signal,
      clock: makeExchangeClock(market, world.clock),
      history: makeHistoryLoader(market),
      instruments: makeInstrumentCatalog(market, world.clock),
      positions: stores.positions,
      ledger: stores.ledger,
      source: { market: "synthetic", simulated: true },
      rules: DEFAULT_TRADE_RULES,
      finderCandles: 500,
      signalMaxAgeSeconds: 300,
      codeVersion: "c0ffee",
      observe: (event) => {
        events.push(event);
        counted.observe(event);
      },
      ...overrides,
    };
  }

  async function search(parts: FindParts, symbol = "SOLUSDT", issuedAt = world.clock.nowMs()) {
    const minute = Math.floor(issuedAt / 60_000);
    const signal = tradingSignal({
      signalId: tradingSignalId(symbol, "15m", "ADVANCED", minute),
      symbol,
      timeframe: "15m",
      strategy: "ADVANCED",
      issuedAt,
    });
    return makeFind(parts)({ message: signal, messageId: signal.signalId, attempt: 1, redelivered: false });
  }
  const read = () =>
    counted.read({ worker: "one", startedAt: START_MS, writtenAt: world.clock.nowMs(), stoppedAt: null });

  it("counts how each search of half a day ended, and why there was no entry", async () => {
    const parts = partsOf();
    for (let i = 0; i < SEARCHES; i++) {
      await search(parts);
      world.clock.advance(FRAME_MS);
    }
    const reasons = new Map<string, number>();
    for (const event of events)
      if (event.kind === "no-entry") reasons.set(event.reason, (reasons.get(event.reason) ?? 0) + 1);
    const entries = events.filter(({ kind }) => kind === "entry").length;
    expect(reasons.size).toBeGreaterThan(1);
    const pulse = read();
    expect(pulse).toMatchObject({
      service: "finder",
      lastWorkAt: world.clock.nowMs() - FRAME_MS,
      total: { signals: SEARCHES, entries, positions: entries, noEntry: SEARCHES - entries, retries: 0 },
      lastMinute: { signals: 0, reasons: [] },
    });
    const told = pulse.service === "finder" ? pulse.total.reasons : [];
    expect(Object.fromEntries(told.map(({ reason, count }) => [reason, count]))).toEqual(
      Object.fromEntries(reasons),
    );
    expect(told.map(({ count }) => count)).toEqual(told.map(({ count }) => count).sort((a, b) => b - a));
  }, 60_000);

  it("counts what was not searched: stale signals, waits for another attempt and dead letters", async () => {
    const nothing = { lastWorkAt: null, total: { signals: 0, noEntry: 0, retries: 0 } };
    expect(read()).toMatchObject(nothing);
    await search(partsOf(), "SOLUSDT", world.clock.nowMs() - 61_000);
    const hole = { load: () => Promise.reject(new MarketError("incomplete", "a hole in the candles")) };
    await search(partsOf({ history: hole }));
    await makeOnDeadSignal(
      world.logger,
      counted.observe,
    )({ message: null, messageId: "one", reason: "broken" });
    expect(read()).toMatchObject({
      lastWorkAt: null,
      total: { signals: 1, stale: 1, entries: 0, noEntry: 0, retries: 1, deadLetters: 1, reasons: [] },
      lastMinute: { signals: 1, stale: 1, retries: 1 },
    });
  });

  it("counts each signal after the first of a symbol that is not listed", async () => {
    const parts = partsOf();
    const find = makeFind(parts);
    const deliver = (minute: number) => {
      const signal = tradingSignal({
        signalId: tradingSignalId("GHOSTUSDT", "15m", "ADVANCED", minute),
        symbol: "GHOSTUSDT",
        timeframe: "15m",
        strategy: "ADVANCED",
        issuedAt: world.clock.nowMs(),
      });
      return find({ message: signal, messageId: signal.signalId, attempt: 1, redelivered: false });
    };
    expect((await deliver(1)).kind).toBe("dead-letter");
    expect((await deliver(2)).kind).toBe("ack");
    expect(read()).toMatchObject({ total: { signals: 1, unlisted: 1 } });
  });

  it("has the most frequent reasons of a strategy that gives any number of any length", () => {
    const clock = manualClock(START_MS);
    const many = makeFinderPulse(clock);
    for (let i = 0; i < 1_000; i++)
      many.observe({ kind: "no-entry", reason: `${i % 100} ${"x".repeat(500)}` });
    const pulse = many.read({ worker: "one", startedAt: START_MS, writtenAt: START_MS, stoppedAt: null });
    const reasons = pulse.service === "finder" ? pulse.total.reasons : [];
    expect(reasons).toHaveLength(20);
    expect(reasons[0]).toEqual({ reason: "others", count: 500 });
    expect(Math.max(...reasons.map(({ reason }) => reason.length))).toBe(160);
  });
});
