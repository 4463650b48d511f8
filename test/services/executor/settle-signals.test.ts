import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { LedgerItem } from "#libs/contracts/ledger-item.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { orderPrices } from "#libs/trading/order-prices.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { makeSettleSignals, type SettleParts } from "#services/executor/settle-signals.ts";
import { crashing } from "#test/support/broker/crashing-client.ts";
import type { TestTables } from "#test/support/database/dynamodb.ts";
import { ledgerItem } from "#test/support/factories/ledger-items.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

/** A whole half hour: every timeframe's candle closes here. */
const SIGNAL_MS = Date.UTC(2026, 0, 15, 6);
const TWO_DAYS_MINUTES = 2 * 24 * 60;

let world: PipelineWorld;
let tables: TestTables;
let stores: Stores;
/** The close of the coin's candle that ends at a moment, and its tick. */
let closes: ReadonlyMap<string, { readonly close: number; readonly tickSize: string }>;

beforeAll(async () => {
  world = await startWorld({ nowMs: SIGNAL_MS + 3_000 });
  const market = world.market();
  const instruments = await market.instruments();
  const known = new Map<string, { close: number; tickSize: string }>();
  for (const symbol of ["BTCUSDT", "SOLUSDT", "ETHUSDT"]) {
    const tickSize = instruments.find((one) => one.symbol === symbol)?.tickSize ?? "0.01";
    const candles = await market.candles({
      symbol,
      intervalMs: MINUTE_MS,
      fromMs: SIGNAL_MS - MINUTE_MS,
      toMs: SIGNAL_MS,
    });
    known.set(symbol, { close: candles.close[0] ?? Number.NaN, tickSize });
  }
  closes = known;
}, 60_000);
afterAll(() => world?.close());
beforeEach(async () => {
  await world.reset();
  tables = await world.tables();
  stores = world.stores(tables);
});

/** A signal on the candle that closed at `SIGNAL_MS`, as the finder would have recorded it. */
function signal(of: Partial<PositionItem> = {}, overrides: Partial<LedgerItem> = {}): LedgerItem {
  const { symbol = "SOLUSDT", positionType = "LONG" } = of;
  const { close, tickSize } = closes.get(symbol) ?? { close: 100, tickSize: "0.01" };
  const rules = { ...DEFAULT_TRADE_RULES, stopLossPercent: 0.6, takeProfitPercent: 0.8 };
  const prices = orderPrices(positionType, close, rules, tickSize);
  return ledgerItem(
    {
      symbol,
      positionType,
      signalTimestamp: SIGNAL_MS / 1_000,
      entryPrice: prices.entry,
      stopLoss: prices.stop,
      takeProfit: prices.target,
      timeframe: "1m",
      ...of,
    },
    { tickSize, rules: { ...rules }, ...overrides },
  );
}

function executor(overrides: Partial<SettleParts> = {}) {
  const market = world.market();
  return makeSettleSignals({
    ledger: stores.ledger,
    market,
    clock: makeExchangeClock(market, world.clock),
    source: { market: "synthetic", simulated: true },
    logger: world.logger,
    ...overrides,
  });
}

const candleRequests = () => world.simulator.requests().byPath["/v5/market/kline"] ?? 0;
const stateOf = async (item: LedgerItem) => (await stores.ledger.get(item))?.outcome.state;

/** Runs each `stepMinutes` until nothing is open, two simulated days at most. */
async function runToTheEnd(run: () => Promise<unknown>, stepMinutes = 30): Promise<void> {
  for (let minute = 0; minute < TWO_DAYS_MINUTES; minute += stepMinutes) {
    await run();
    if ((await stores.ledger.open()).length === 0) return;
    world.clock.advance(stepMinutes * MINUTE_MS);
  }
  throw new Error("still open after two days");
}

describe("the executor", () => {
  it("follows a signal from waiting to open to its end, with what it earned", async () => {
    const item = signal();
    await stores.ledger.record(item);
    const run = executor();
    expect(await run()).toEqual({ open: 1, settled: 0, failed: 0 });
    expect(await stateOf(item)).toBe("waiting");
    world.clock.set(SIGNAL_MS + 5 * MINUTE_MS + 2_000);
    await run();
    expect((await stores.ledger.get(item))?.outcome).toMatchObject({
      state: "open",
      entry: { entryAt: SIGNAL_MS, fillPrice: expect.any(Number) },
      bestPriceInLife: expect.any(Number),
      netPnl: null,
    });
    await runToTheEnd(run, 1);
    const { outcome } = (await stores.ledger.get(item)) ?? item;
    expect(["target", "stop"]).toContain(outcome.state);
    const { gross, fees, funding, netPnl, exitAt, holdingMinutes } = outcome;
    expect(netPnl).toBeCloseTo((gross ?? 0) - (fees ?? 0) + (funding ?? 0), 9);
    expect(holdingMinutes).toBe(((exitAt ?? 0) + MINUTE_MS - SIGNAL_MS) / MINUTE_MS);
    // The exit is stored in the minute in which its candle has closed, five minutes after the signal at the earliest.
    expect(outcome.updatedAt).toBe(world.clock.nowMs());
  }, 120_000);

  it("stores the same whenever it looks, and whoever looks", async () => {
    const items = [
      signal({ timeframe: "1m" }),
      signal({ symbol: "BTCUSDT", timeframe: "5m", positionType: "SHORT" }),
      signal({ symbol: "ETHUSDT", timeframe: "30m" }),
    ];
    const outcomes: unknown[] = [];
    for (const [stepMinutes, executors] of [
      [7, 1],
      [60, 1],
      [30, 3],
      // A new one each time: each remembers nothing.
      [45, 0],
    ] as const) {
      world.clock.set(SIGNAL_MS + 3_000);
      tables = await world.tables();
      stores = world.stores(tables);
      for (const item of items) await stores.ledger.record(item);
      const running = Array.from({ length: executors }, () => executor());
      await runToTheEnd(
        () => (executors === 0 ? executor()() : Promise.all(running.map((run) => run()))),
        stepMinutes,
      );
      const stored = await Promise.all(items.map((item) => stores.ledger.get(item)));
      outcomes.push(stored.map((item) => ({ ...item?.outcome, updatedAt: null })));
    }
    for (const other of outcomes.slice(1)) expect(other).toEqual(outcomes[0]);
  }, 60_000);

  it("asks for one page a symbol at most, whatever the number of its signals", async () => {
    const timeframes = ["1m", "3m", "5m", "15m", "30m"] as const;
    for (let i = 0; i < 40; i++) {
      const signalTimestamp = SIGNAL_MS / 1_000 + i * 1_800;
      world.clock.set(signalTimestamp * 1_000 + 3_000);
      const timeframe = timeframes[i % 5] ?? "1m";
      // Levels that are never reached.
      const far = { stopLoss: 0.001, takeProfit: 1e9, signalTimestamp, timeframe };
      for (const symbol of ["SOLUSDT", "BTCUSDT"]) await stores.ledger.record(signal({ ...far, symbol }));
    }
    expect(await stores.ledger.open()).toHaveLength(80);
    const run = executor();
    world.clock.set(SIGNAL_MS + 30 * 3_600_000 + 2_000);
    for (let minute = 0; minute < 10; minute++) {
      const before = candleRequests();
      await run();
      expect(candleRequests() - before).toBe(2);
      world.clock.advance(MINUTE_MS);
    }
    const before = candleRequests();
    world.clock.advance(-30_000);
    await run();
    expect(candleRequests()).toBe(before);
  });

  it("asks for nothing before a candle has closed that could change anything", async () => {
    await stores.ledger.record(signal({ timeframe: "30m", stopLoss: 0.001, takeProfit: 1e9 }));
    const run = executor();
    let requests = 0;
    for (let minute = 0; minute < 60; minute++) {
      world.clock.set(SIGNAL_MS + minute * MINUTE_MS + 2_000);
      const before = candleRequests();
      await run();
      requests += candleRequests() - before;
    }
    // At the end of the life and at the end of the candle.
    expect(requests).toBe(2);
  });

  it("catches up after days without it, a page a run", async () => {
    const item = signal({ stopLoss: 0.001, takeProfit: 1e9 });
    await stores.ledger.record(item);
    world.clock.set(SIGNAL_MS + 8 * 24 * 3_600_000);
    const run = executor();
    for (let runs = 0; runs < 11; runs++) {
      const before = candleRequests();
      await run();
      expect(candleRequests() - before).toBe(1);
    }
    expect((await stores.ledger.get(item))?.outcome).toMatchObject({
      state: "timed_out",
      holdingMinutes: 7 * 24 * 60,
    });
  });

  it("calls a signal unknown when the exchange no longer lists its symbol", async () => {
    const gone = signal({ symbol: "GHOSTUSDT" });
    await stores.ledger.record(gone);
    world.clock.set(SIGNAL_MS + 6 * MINUTE_MS);
    await executor()();
    expect((await stores.ledger.get(gone))?.outcome).toMatchObject({
      state: "unknown",
      reason: "the exchange no longer lists GHOSTUSDT",
    });
    expect(await stores.ledger.open()).toEqual([]);
  });

  it("waits an hour for a candle that is missing, then calls the signal unknown and follows later ones", async () => {
    const missingMs = SIGNAL_MS + 20 * MINUTE_MS;
    const market = world.market();
    const holed: MarketData = {
      ...market,
      async candles(range) {
        if (range.fromMs > missingMs || range.toMs <= missingMs) return market.candles(range);
        throw new MarketError("incomplete", `${range.symbol}: the candle is missing`);
      },
    };
    const item = signal({ stopLoss: 0.001, takeProfit: 1e9 });
    const reached = signal({ symbol: "BTCUSDT" });
    const later = signal({ signalTimestamp: SIGNAL_MS / 1_000 + 1_800 });
    await stores.ledger.record(item);
    await stores.ledger.record(reached);
    const run = executor({ market: holed });
    const states = new Set<string | undefined>();
    let minutes = 6;
    for (; minutes < 120 && (await stateOf(item)) !== "unknown"; minutes++) {
      world.clock.set(SIGNAL_MS + minutes * MINUTE_MS + 2_000);
      if (minutes === 31) await stores.ledger.record(later);
      await run();
      states.add(await stateOf(item));
    }
    expect((await stores.ledger.get(item))?.outcome).toMatchObject({
      state: "unknown",
      reason: "candles are missing: SOLUSDT: the candle is missing",
      // What was known before stays.
      entry: { entryAt: SIGNAL_MS },
    });
    expect([...states]).toEqual(["open", "unknown"]);
    expect(minutes).toBe(82);
    world.clock.advance(MINUTE_MS);
    await run();
    expect(await stateOf(later)).not.toBe("waiting");
  }, 60_000);

  it("reaches what lies before and behind a page with a hole", async () => {
    const item = signal({ timeframe: "5m" });
    await stores.ledger.record(item);
    world.simulator.setFaults({ faults: [{ kind: "hole", path: "symbol=SOLUSDT" }] });
    world.clock.set(SIGNAL_MS + 60 * MINUTE_MS);
    const run = executor();
    for (let runs = 0; runs < 11; runs++) await run();
    expect(await stateOf(item)).not.toBe("waiting");
  }, 60_000);

  it("goes on with the other symbols, and later with this one, when the exchange fails", async () => {
    const items = [signal(), signal({ symbol: "BTCUSDT" })];
    for (const item of items) await stores.ledger.record(item);
    world.clock.set(SIGNAL_MS + 6 * MINUTE_MS);
    world.simulator.setFaults({ faults: [{ kind: "http-500", path: "symbol=SOLUSDT" }] });
    const run = executor();
    expect(await run()).toMatchObject({ failed: 1 });
    expect(await Promise.all(items.map(stateOf))).toEqual(["waiting", expect.not.stringMatching("waiting")]);
    world.simulator.setFaults({ faults: [] });
    world.clock.advance(MINUTE_MS);
    expect(await run()).toMatchObject({ failed: 0 });
    expect(await stateOf(items[0] ?? signal())).not.toBe("waiting");
  });

  it("leaves the signals of another market alone", async () => {
    const foreign = signal({}, { market: "bybit", simulated: false });
    await stores.ledger.record(foreign);
    world.clock.set(SIGNAL_MS + 60 * MINUTE_MS);
    const before = candleRequests();
    expect(await executor()()).toEqual({ open: 0, settled: 0, failed: 0 });
    expect(candleRequests()).toBe(before);
    expect(await stateOf(foreign)).toBe("waiting");
  });

  it.each([1, 2, 3].flatMap((request) => [true, false].map((answered) => [request, answered] as const)))(
    "ends the same when it dies at its request %i (carried out: %s)",
    async (request, answered) => {
      const items = [signal(), signal({ symbol: "BTCUSDT" })];
      for (const item of items) await stores.ledger.record(item);
      world.clock.set(SIGNAL_MS + 24 * 3_600_000);
      const dying = makeLedgerStore(crashing(world.database.endpoint, { request, answered }), {
        tableName: tables.signals.name,
        clock: world.clock,
        logger: world.logger,
      });
      const died = executor({ ledger: dying });
      for (let runs = 0; runs < 3; runs++) await died().catch(() => {});
      await runToTheEnd(executor());
      const stored = await Promise.all(items.map((item) => stores.ledger.get(item)));
      expect(stored.map((item) => item?.outcome.state)).not.toContain("open");
      for (const item of stored) expect(["target", "stop"]).toContain(item?.outcome.state);
    },
  );
});
