import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { type LedgerItem, ledgerItemSchema, WAITING } from "#libs/contracts/ledger-item.ts";
import type { TradingSignal } from "#libs/contracts/messages.ts";
import { tradingSignalId } from "#libs/contracts/messages.ts";
import { type PositionItem, positionItemSchema } from "#libs/contracts/position-item.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { fromWire } from "#libs/contracts/wire.ts";
import { type HistoryLoader, loadHistory, makeHistoryLoader } from "#libs/history/history.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import type { Outcome } from "#libs/queue/queue.ts";
import { recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import { syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { decide } from "#libs/strategy/decide.ts";
import type { Signal } from "#libs/strategy/decision.ts";
import { findStrategy, STRATEGIES } from "#libs/strategy/registry.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { type FindParts, makeFind, makeOnDeadSignal } from "#services/finder/find.ts";
import { crashing } from "#test/support/broker/crashing-client.ts";
import { clientOf, type TestTables } from "#test/support/database/dynamodb.ts";
import { startFaultyDynamoDb } from "#test/support/database/faulty-dynamodb.ts";
import { eventually } from "#test/support/eventually.ts";
import { ledgerItem } from "#test/support/factories/ledger-items.ts";
import { tradingSignal } from "#test/support/factories/messages.ts";
import { position } from "#test/support/factories/positions.ts";
import { sourceMarket } from "#test/support/factories/source-market.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";
import { NO_RECORDINGS, sharedFile } from "#test/support/shared-data.ts";

/** A whole day of one coin, and what each strategy says of its candles in a backtest of that day. */
interface Day {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  readonly fromMs: number;
  /** By strategy: signals by the close time of their candle, milliseconds, with the close. */
  readonly signals: ReadonlyMap<string, ReadonlyMap<number, Signal & { readonly close: number }>>;
}

async function backtestedDay(
  source: ExchangeSource,
  symbol: string,
  timeframe: Timeframe,
  fromMs: number,
): Promise<Day> {
  const toMs = fromMs + DAY_MS;
  const { input, firstIndex } = await loadHistory(sourceMarket(source, toMs), {
    symbol,
    timeframe,
    fromMs,
    toMs,
    withBtc: true,
  });
  const study = makeStudy(input);
  const signals = new Map<string, Map<number, Signal & { close: number }>>();
  for (const strategy of STRATEGIES) {
    const found = new Map<number, Signal & { close: number }>();
    for (let i = firstIndex; i < input.candles.length; i++) {
      const decision = decide(strategy, study, i);
      const close = input.candles.close[i] ?? Number.NaN;
      if (decision.kind === "signal") found.set(openTimeMs(input.candles, i + 1), { ...decision, close });
    }
    signals.set(strategy.name, found);
  }
  return { symbol, timeframe, fromMs, signals };
}

/** The day with the most signals of the strategy that has the fewest. */
async function liveliestDay(
  source: ExchangeSource,
  symbols: readonly string[],
  timeframe: Timeframe,
  days: readonly number[],
): Promise<Day> {
  let best: { day: Day; score: number } | null = null;
  for (const symbol of symbols) {
    for (const fromMs of days) {
      const day = await backtestedDay(source, symbol, timeframe, fromMs);
      const score = Math.min(...[...day.signals.values()].map((found) => found.size));
      if (best === null || score > best.score) best = { day, score };
    }
  }
  if (best === null || best.score === 0) {
    throw new Error(`no day of ${symbols.join(", ")} on which every strategy signals`);
  }
  return best.day;
}

const DIED = expect.stringContaining("the worker died");

function partsOf(world: PipelineWorld, stores: Stores, overrides: Partial<FindParts> = {}): FindParts {
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
    finderCandles: 1_000,
    signalMaxAgeSeconds: 300,
    codeVersion: "c0ffee",
    ...overrides,
  };
}

function signalOf(
  day: Pick<Day, "symbol" | "timeframe">,
  strategy: string,
  nowMs: number,
  overrides: Partial<TradingSignal> = {},
): TradingSignal {
  const { symbol, timeframe } = day;
  const signalId = tradingSignalId(symbol, timeframe, strategy, Math.floor(nowMs / 60_000));
  return tradingSignal({ signalId, symbol, timeframe, strategy, issuedAt: nowMs, ...overrides });
}

function deliver(parts: FindParts, signal: TradingSignal): Promise<Outcome> {
  return makeFind(parts)({ message: signal, messageId: signal.signalId, attempt: 1, redelivered: false });
}

/** Everything in the table, the expired too. */
async function allPositions(world: PipelineWorld, tables: TestTables): Promise<PositionItem[]> {
  const { Items = [] } = await world.dynamo.send(new ScanCommand({ TableName: tables.positions.name }));
  return Items.map((item) => fromWire(positionItemSchema, item, "position")).sort(
    (a, b) => a.signalTimestamp - b.signalTimestamp,
  );
}

/** The price as the exchange would print it: rounded to its tick, with its decimals. Reckoned in whole ticks. */
function printed(price: number, tickSize: string): number {
  const decimals = tickSize.split(".")[1]?.length ?? 0;
  const ticks = Math.round(price / Number(tickSize));
  return Number((ticks * Number(tickSize)).toFixed(decimals));
}

/** Runs the finder just after the close of every candle of the day and compares with the backtest. */
async function replay(world: PipelineWorld, day: Day): Promise<void> {
  const intervalMs = timeframeMs(day.timeframe);
  const parts = partsOf(world, world.stores(await world.tables()));
  const tickSize = (await world.market().instruments()).find(({ symbol }) => symbol === day.symbol)?.tickSize;
  if (tickSize === undefined) throw new Error(`${day.symbol} is not listed`);
  const tablesOf = new Map<string, TestTables>();
  for (const { name } of STRATEGIES) tablesOf.set(name, await world.tables());

  for (let closeMs = day.fromMs + intervalMs; closeMs <= day.fromMs + DAY_MS; closeMs += intervalMs) {
    world.clock.set(closeMs + 5_000);
    for (const [strategy, tables] of tablesOf) {
      const outcome = await deliver(
        { ...parts, positions: world.stores(tables).positions },
        signalOf(day, strategy, world.clock.nowMs()),
      );
      expect(outcome).toEqual({ kind: "ack" });
    }
  }
  for (const [strategy, tables] of tablesOf) {
    const expected = [...(day.signals.get(strategy) ?? [])].map(([closeMs, { side, close, ...signal }]) => {
      const direction = side === "LONG" ? 1 : -1;
      return {
        signalTimestamp: closeMs / 1000,
        strategy,
        positionType: side,
        confidence: signal.confidence,
        reasons: signal.reasons,
        entryPrice: printed(close, tickSize),
        stopLoss: printed(close * (1 - direction * 0.01), tickSize),
        takeProfit: printed(close * (1 + direction * 0.02), tickSize),
      };
    });
    const stored = (await allPositions(world, tables)).map((item) => ({
      signalTimestamp: item.signalTimestamp,
      strategy: item.strategy,
      positionType: item.positionType,
      confidence: item.confidence,
      reasons: item.reasons,
      entryPrice: item.entryPrice,
      stopLoss: item.stopLoss,
      takeProfit: item.takeProfit,
    }));
    expect(stored).toEqual(expected);
    expect(stored.length).toBeGreaterThan(0);
  }
}

const MIDNIGHT_MS = Date.UTC(2026, 0, 15);
const COINS = ["SOLUSDT", "KELVAUSDT", "HELIXOUSDT", "DOGEUSDT", "SUIUSDT"];

describe("the finder on a synthetic market", () => {
  let world: PipelineWorld;
  let tables: TestTables;
  let stores: Stores;
  /** A day with signals of every strategy. */
  let day: Day;
  /** The close of a candle with an ADVANCED signal, and five seconds later. */
  let closeMs: number;
  let nowMs: number;

  beforeAll(async () => {
    const source = syntheticExchange();
    const days = [1, 2, 3].map((n) => MIDNIGHT_MS - n * DAY_MS);
    day = await liveliestDay(source, COINS, "15m", days);
    closeMs = [...(day.signals.get("ADVANCED")?.keys() ?? [])][0] ?? Number.NaN;
    nowMs = closeMs + 5_000;
    world = await startWorld({ source, nowMs });
  }, 60_000);
  afterAll(() => world?.close());
  beforeEach(async () => {
    await world.reset();
    tables = await world.tables();
    stores = world.stores(tables);
  });

  const find = (overrides: Partial<FindParts> = {}, signal: Partial<TradingSignal> = {}) =>
    deliver(partsOf(world, stores, overrides), signalOf(day, "ADVANCED", world.clock.nowMs(), signal));
  const allSignals = async (): Promise<LedgerItem[]> => {
    const { Items = [] } = await world.dynamo.send(new ScanCommand({ TableName: tables.signals.name }));
    return Items.map((item) => fromWire(ledgerItemSchema, item, "signal"));
  };
  const only = async (): Promise<PositionItem> => {
    const [first, ...others] = await allPositions(world, tables);
    if (first === undefined || others.length > 0) throw new Error("expected exactly one position");
    return first;
  };

  it("stores a position if and only if the backtest signals on that candle, all day long", async () => {
    const lively = await liveliestDay(
      world.source,
      COINS,
      "5m",
      [1, 2, 3].map((n) => MIDNIGHT_MS - n * DAY_MS),
    );
    await replay(world, lively);
  }, 60_000);

  it("stores every field of a position, with prices as the exchange prints them", async () => {
    expect(await find({}, { winRate: 56.4, totalPnl: 679.2, totalTrades: 48 })).toEqual({ kind: "ack" });
    const item = await only();
    const instrument = (await world.market().instruments()).find(({ symbol }) => symbol === day.symbol);
    const tick = Number(instrument?.tickSize);
    const decimals = instrument?.tickSize.split(".")[1]?.length ?? 0;
    for (const price of [item.entryPrice, item.stopLoss, item.takeProfit]) {
      expect(Number(price.toFixed(decimals))).toBe(price);
      expect(Math.abs(price / tick - Math.round(price / tick))).toBeLessThan(1e-6);
    }
    const { positionType, entryPrice, stopLoss, takeProfit } = item;
    const direction = positionType === "LONG" ? 1 : -1;
    expect(direction * (takeProfit - entryPrice)).toBeGreaterThan(0);
    expect(direction * (entryPrice - stopLoss)).toBeGreaterThan(0);
    expect(item.riskRewardRatio).toBeCloseTo(2, 1);
    // 2 % and 1 % of $1,000 less fees and slippage on both sides.
    expect(item.expectedProfit).toBeGreaterThan(17);
    expect(item.expectedProfit).toBeLessThan(20);
    expect(item.expectedLoss).toBeLessThan(-10);
    expect(item.expectedLoss).toBeGreaterThan(-13);
    expect(item).toMatchObject({
      symbol: day.symbol,
      signalTimestamp: closeMs / 1000,
      signalId: tradingSignalId(day.symbol, "15m", "ADVANCED", Math.floor(nowMs / 60_000)),
      strategy: "ADVANCED",
      timeframe: "15m",
      positionSize: 100,
      leverage: 10,
      scanId: "scan-2026-01-15T12",
      backtest: { winRate: 56.4, totalPnl: 679.2, totalTrades: 48 },
      provenance: {
        codeVersion: "c0ffee",
        configHash: expect.stringMatching(/^[0-9a-f]{16}$/),
        candlesHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
      createdAt: nowMs,
      updatedAt: nowMs,
      version: 1,
      status: "active",
      ttl: closeMs / 1000 + 300,
    });
    const nullable = ["bbPosition", "fundingRate", "fibSupport", "fibResistance", "fibDistance"];
    for (const name of Object.keys(positionItemSchema.shape)) {
      const value: unknown = Object.entries(item).find(([key]) => key === name)?.[1];
      if (!nullable.includes(name)) expect(value, name).not.toBeNull();
      expect(value, name).toBeDefined();
      if (typeof value === "number") expect(Number.isFinite(value), name).toBe(true);
    }
    expect(item.reasons.length).toBeGreaterThan(0);
    expect(item.fundingRate).not.toBeNull();
    expect(await stores.positions.active()).toEqual([item]);
  });

  it("stores nothing where the strategy does not signal", async () => {
    const signals = day.signals.get("ADVANCED") ?? new Map();
    let quietMs = day.fromMs + timeframeMs("15m");
    while (signals.has(quietMs)) quietMs += timeframeMs("15m");
    world.clock.set(quietMs + 5_000);
    expect(await find()).toEqual({ kind: "ack" });
    expect(await allPositions(world, tables)).toEqual([]);
  });

  const candleRequests = () => world.simulator.requests().byPath["/v5/market/kline"] ?? 0;

  it("does not act on a signal older than a minute, and asks the exchange for no candle", async () => {
    const before = candleRequests();
    expect(await find({}, { issuedAt: nowMs - 60_001 })).toEqual({ kind: "ack" });
    expect(await allPositions(world, tables)).toEqual([]);
    expect(candleRequests()).toBe(before);
    await find({}, { issuedAt: nowMs - 60_000 });
    await only();
  });

  it("does not act on a candle that closed longer ago than a position lives", async () => {
    const before = candleRequests();
    world.clock.set(closeMs + 300_001);
    expect(await find()).toEqual({ kind: "ack" });
    expect(candleRequests()).toBe(before);
    expect(await allPositions(world, tables)).toEqual([]);
    world.clock.set(closeMs + 300_000);
    expect(await find()).toEqual({ kind: "ack" });
    expect((await only()).signalTimestamp).toBe(closeMs / 1000);
  });

  it("lets a position live no longer than it may be acted on", async () => {
    await find({ signalMaxAgeSeconds: 90 });
    expect((await only()).ttl).toBe(closeMs / 1000 + 90);
  });

  it("does not write a position whose life ended while it was looked for", async () => {
    const history = makeHistoryLoader(world.market());
    const slow: HistoryLoader = {
      async load(request) {
        const loaded = await history.load(request);
        world.clock.set(closeMs + 301_000);
        return loaded;
      },
    };
    world.clock.set(closeMs + 299_000);
    expect(await find({ history: slow })).toEqual({ kind: "ack" });
    expect(await allPositions(world, tables)).toEqual([]);
  });

  it("changes nothing when it finds the same entry again a minute later", async () => {
    await find();
    const first = await only();
    world.clock.advance(60_000);
    expect(await find({ codeVersion: "later" })).toEqual({ kind: "ack" });
    expect(await only()).toEqual(first);
  });

  it("records the signal with all that is needed to follow it, and the very position that it stores", async () => {
    await find({}, { winRate: 56.4, totalPnl: 679.2, totalTrades: 48 });
    const stored = await only();
    const [recorded, ...more] = await allSignals();
    expect(more).toEqual([]);
    const tickSize = (await world.market().instruments()).find((one) => one.symbol === day.symbol)?.tickSize;
    expect(recorded).toEqual({
      day: new Date(closeMs).toISOString().slice(0, 10),
      signalKey: `${closeMs / 1000}#${day.symbol}`,
      symbol: day.symbol,
      signalTimestamp: closeMs / 1000,
      open: "open",
      market: "synthetic",
      simulated: true,
      position: stored,
      evidence: { winRate: 56.4, totalPnl: 679.2, totalTrades: 48, confidenceAvg: 87.5, issuedAt: nowMs },
      rules: DEFAULT_TRADE_RULES,
      tickSize,
      candles: 1_000,
      outcome: WAITING,
      createdAt: nowMs,
      ttl: closeMs / 1000 + 400 * 86_400,
    });
  });

  it("leaves the signal and the position that another strategy holds at this moment", async () => {
    const held = { symbol: day.symbol, signalTimestamp: closeMs / 1000, strategy: "BASIC" };
    await stores.ledger.record(ledgerItem(held));
    await stores.positions.put(position(held));
    const before = await only();
    expect(await find()).toEqual({ kind: "ack" });
    expect(await only()).toEqual(before);
    expect(await allSignals()).toEqual([ledgerItem(held)]);
  });

  it("stores no position of a signal that another strategy holds and has not stored yet", async () => {
    const held = { symbol: day.symbol, signalTimestamp: closeMs / 1000, strategy: "BASIC" };
    await stores.ledger.record(ledgerItem(held));
    expect(await find()).toEqual({ kind: "ack" });
    expect(await allPositions(world, tables)).toEqual([]);
  });

  it.each([
    ["before its signal is recorded", { request: 1, answered: false }, 0],
    ["with its signal recorded", { request: 1, answered: true }, 1],
    ["before its position is stored", { request: 2, answered: false }, 1],
    ["with its position stored", { request: 2, answered: true }, 1],
  ])("ends with one signal and its position when a finder dies %s", async (_, at, recorded) => {
    const dying = world.stores(tables, crashing(world.database.endpoint, at));
    expect(await find({ ...dying })).toMatchObject({ kind: "retry", reason: DIED });
    expect(await allSignals()).toHaveLength(recorded);
    // The next minute's signal of the same candle finds it again, with another id.
    world.clock.advance(60_000);
    expect(await find()).toEqual({ kind: "ack" });
    const [signal, ...more] = await allSignals();
    expect(more).toEqual([]);
    expect(signal?.position).toEqual(await only());
  });

  it("records a signal whose position it could not store in time, and stores none later", async () => {
    const dying = world.stores(tables, crashing(world.database.endpoint, { request: 2, answered: false }));
    expect(await find({ ...dying })).toMatchObject({ kind: "retry", reason: DIED });
    world.clock.set(closeMs + 301_000);
    expect(await find({ signalMaxAgeSeconds: 600 })).toEqual({ kind: "ack" });
    expect(await allPositions(world, tables)).toEqual([]);
    expect((await stores.ledger.open()).map(({ symbol }) => symbol)).toEqual([day.symbol]);
  });

  it("ends with one signal and its position under any repetition, rivalry and crash", async () => {
    const run = fc.record({
      strategy: fc.constantFrom("ADVANCED", "BASIC"),
      crash: fc.option(fc.record({ request: fc.integer({ min: 1, max: 3 }), answered: fc.boolean() }), {
        nil: null,
      }),
    });
    const both = [...day.signals.values()].map((found) => [...found.keys()]);
    const shared = both[0]?.find((ms) => both[1]?.includes(ms));
    if (shared !== undefined) world.clock.set(shared + 5_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(run, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
        async (waves) => {
          tables = await world.tables();
          stores = world.stores(tables);
          const strategies = new Set<string>();
          const once = (strategy: string, of: Stores) =>
            deliver(partsOf(world, of), signalOf(day, strategy, world.clock.nowMs()));
          for (const wave of waves) {
            await Promise.allSettled(
              wave.map(({ strategy, crash }) => {
                strategies.add(strategy);
                const client = crash === null ? world.dynamo : crashing(world.database.endpoint, crash);
                return once(strategy, world.stores(tables, client));
              }),
            );
          }
          // What crashed is delivered again.
          for (const strategy of strategies) await once(strategy, stores);
          const signals = await allSignals();
          expect(signals.map((signal) => signal.position)).toEqual(await allPositions(world, tables));
          expect(signals.length).toBeLessThanOrEqual(1);
          if (strategies.has("ADVANCED")) expect(signals).toHaveLength(1);
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);

  it("works on the signals of a symbol in their order, so that the first one holds the position", async () => {
    const history = makeHistoryLoader(world.market());
    let loads = 0;
    let release = () => {};
    const firstIsSlow: HistoryLoader = {
      async load(request) {
        loads += 1;
        if (loads === 1) await new Promise<void>((resolve) => (release = resolve));
        return history.load(request);
      },
    };
    const handler = makeFind(partsOf(world, stores, { history: firstIsSlow }));
    const running = ["first", "second"].map((signalId) =>
      handler({
        message: signalOf(day, "ADVANCED", nowMs, { signalId }),
        messageId: signalId,
        attempt: 1,
        redelivered: false,
      }),
    );
    await eventually("the first one is at work", () => loads === 1);
    // Time enough for the second one to overtake it.
    await history.load({
      symbol: day.symbol,
      timeframe: "15m",
      fromMs: closeMs - 500 * timeframeMs("15m"),
      toMs: closeMs,
      withBtc: true,
    });
    expect(loads).toBe(1);
    release();
    await Promise.all(running);
    expect((await only()).signalId).toBe("first");
  });

  it("dead-letters a strategy that the registry does not have", async () => {
    const queue = world.queue();
    await queue.consume(TRADING_SIGNALS, makeFind(partsOf(world, stores)), {
      prefetch: 1,
      onDeadLetter: makeOnDeadSignal(world.logger),
    });
    await queue.publish(TRADING_SIGNALS, [signalOf(day, "MARTINGALE", nowMs)]);
    await eventually("it is dead", async () => (await queue.depth(TRADING_SIGNALS)).dead === 1);
    const [letter] = await queue.deadLetters(TRADING_SIGNALS, 1);
    expect(letter?.reason).toBe("unknown strategy MARTINGALE");
  });

  it("dead-letters a symbol that the exchange does not list", async () => {
    const outcome = await find({}, { symbol: "GHOSTUSDT" });
    expect(outcome).toMatchObject({ kind: "dead-letter", reason: expect.stringContaining("GHOSTUSDT") });
  });

  it.each([
    ["candles", "/kline"],
    ["funding rates", "/funding"],
    ["instruments", "/instruments-info"],
  ])("comes back when the exchange cannot give the %s, and finds the same then", async (_, path) => {
    world.simulator.setFaults({ faults: [{ kind: "http-500", path, times: 1 }] });
    const parts = partsOf(world, stores);
    const signal = signalOf(day, "ADVANCED", nowMs);
    expect(await deliver(parts, signal)).toMatchObject({ kind: "retry" });
    expect(await allPositions(world, tables)).toEqual([]);
    expect(await deliver(parts, signal)).toEqual({ kind: "ack" });
    await only();
  });

  it("comes back when the candles have a hole: no decision is made on them", async () => {
    world.simulator.setFaults({ faults: [{ kind: "hole", path: `symbol=${day.symbol}` }] });
    expect(await find()).toMatchObject({ kind: "retry", reason: expect.stringContaining("incomplete") });
    expect(await allPositions(world, tables)).toEqual([]);
  });

  it("comes back when the database does not take the position", async () => {
    const proxy = await startFaultyDynamoDb(world.database.endpoint);
    const client = clientOf(proxy.endpoint, { maxAttempts: 1 });
    try {
      proxy.decide = () => ({ kind: "error", status: 500, type: "InternalServerError", message: "trouble" });
      const { positions, ledger } = world.stores(tables, client);
      expect(await find({ positions, ledger })).toMatchObject({ kind: "retry" });
      proxy.decide = () => ({ kind: "pass" });
      expect(await find({ positions, ledger })).toEqual({ kind: "ack" });
      await only();
    } finally {
      client.destroy();
      await proxy.close();
    }
  });

  it("waits for the candle when the exchange's clock is behind, and never takes the one before", async () => {
    const ahead = { nowMs: () => world.clock.nowMs() + 7_000 };
    world.clock.set(closeMs - 5_000);
    const parts = partsOf(world, stores, { clock: makeExchangeClock(world.market(), ahead) });
    const signal = signalOf(day, "ADVANCED", ahead.nowMs());
    expect(await deliver(parts, signal)).toMatchObject({
      kind: "retry",
      reason: `the 15m candle of ${day.symbol} that closed at ${new Date(closeMs).toISOString()} is not available yet`,
    });
    expect(await allPositions(world, tables)).toEqual([]);
    world.clock.set(closeMs + 1_000);
    expect(await deliver(parts, signal)).toEqual({ kind: "ack" });
    expect((await only()).signalTimestamp).toBe(closeMs / 1000);
  });

  it.each([-60_000, 60_000])(
    "finds the same entry on a machine whose clock is off by %i ms, and drops the same stale signal",
    async (offByMs) => {
      const off = { nowMs: () => world.clock.nowMs() + offByMs };
      await find();
      const right = await only();
      tables = await world.tables();
      stores = world.stores(tables);
      const wrong = { clock: makeExchangeClock(world.market(), off) };
      await find(wrong, { issuedAt: world.clock.nowMs() - 60_001 });
      expect(await allPositions(world, tables)).toEqual([]);
      await find(wrong);
      expect(await only()).toEqual(right);
    },
  );

  it("never sees the running candle, however far it has run away", async () => {
    world.simulator.setFaults({ faults: [{ kind: "running-candle" }] });
    await find();
    const first = await only();
    tables = await world.tables();
    stores = world.stores(tables);
    world.simulator.setFaults({ faults: [] });
    world.clock.set(closeMs + 290_000);
    await find();
    const { createdAt: _, updatedAt: __, signalId: ___, ...later } = await only();
    expect(first).toMatchObject(later);
  });

  describe("provenance", () => {
    async function provenance(overrides: Partial<FindParts> = {}) {
      tables = await world.tables();
      stores = world.stores(tables);
      await find(overrides);
      return (await only()).provenance;
    }
    /** The exchange's history, but for the volume of one candle, which no strategy looks at. */
    const corrected = (index: number): HistoryLoader => {
      const history = makeHistoryLoader(world.market());
      return {
        async load(request) {
          const { input, firstIndex } = await history.load(request);
          const volume = input.candles.volume.slice();
          volume[index] = (volume[index] ?? 0) + 1;
          return { input: { ...input, candles: { ...input.candles, volume } }, firstIndex };
        },
      };
    };

    it("is the same for the same candles and rules, whoever finds the entry", async () => {
      expect(await provenance()).toEqual(await provenance());
    });

    it.each([0, 500, 999])("tells when a single candle was another one (%i)", async (index) => {
      const plain = await provenance();
      const other = await provenance({ history: corrected(index) });
      expect(other.candlesHash).not.toBe(plain.candlesHash);
      expect(other.configHash).toBe(plain.configHash);
    });

    it("tells when the rules were others", async () => {
      const plain = await provenance();
      const other = await provenance({ rules: { ...DEFAULT_TRADE_RULES, leverage: 5 } });
      expect(other.configHash).not.toBe(plain.configHash);
      expect(other.candlesHash).toBe(plain.candlesHash);
    });
  });

  it("loads as many candles as it was told to, and no fewer than the warm-up needs", async () => {
    const asked: number[] = [];
    const history = makeHistoryLoader(world.market());
    const watched: HistoryLoader = {
      async load(request) {
        const loaded = await history.load(request);
        asked.push(loaded.input.candles.length);
        return loaded;
      },
    };
    for (const finderCandles of [1_000, 700, 61]) await find({ history: watched, finderCandles });
    expect(asked).toEqual([1_000, 700, 501]);
  });

  it("knows every strategy of the registry", () => {
    for (const { name } of STRATEGIES) expect(findStrategy(name)?.name).toBe(name);
  });
});

const RECORDED = [
  "data/candles/BYBIT_SOLUSDT_1.csv.gz",
  "data/candles/BYBIT_BTCUSDT_1.csv.gz",
  "data/bybit/funding_SOLUSDT.csv.gz",
  "data/bybit/funding_BTCUSDT.csv.gz",
].map(sharedFile);
const recordings = RECORDED.filter((file) => file !== null);

describe.skipIf(recordings.length < RECORDED.length)(
  `the finder on recorded candles (${recordings.length < RECORDED.length ? NO_RECORDINGS : "SOLUSDT"})`,
  () => {
    let world: PipelineWorld;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "recordings-"));
      for (const file of recordings) symlinkSync(file, join(folder, basename(file)));
      world = await startWorld({ source: await recordedExchange({ directory: folder }) });
    }, 60_000);
    afterAll(async () => {
      await world?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("decides every candle of a day as the backtest does", async () => {
      const days = [24, 25, 26, 27, 28].map((date) => Date.UTC(2025, 5, date));
      await replay(world, await liveliestDay(world.source, ["SOLUSDT"], "15m", days));
    }, 60_000);
  },
);
