import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_BACKTEST_DAYS } from "#libs/config/settings.ts";
import { FAULT_METRICS, FAULTS } from "#libs/contracts/faults.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { makeHistoryLoader } from "#libs/history/history.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { makeInProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { StoreError } from "#libs/store/store-error.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { makeAnalyze } from "#services/analyzer/analyze.ts";
import { makeAnalyzerPulse } from "#services/analyzer/analyzer-pulse.ts";
import { makeSettleSignals } from "#services/executor/settle-signals.ts";
import { makeFind } from "#services/finder/find.ts";
import { startPulse } from "#services/shared/pulse.ts";
import { withRunRetry } from "#services/shared/with-run-retry.ts";
import { makeJob, makeJobQueue } from "#test/ports/queue-contract.ts";
import {
  type PrivateBroker,
  privateBrokerAvailable,
  startPrivateBroker,
} from "#test/support/broker/rabbitmq.ts";
import { startTcpProxy } from "#test/support/broker/tcp-proxy.ts";
import { type CountedFaults, countedFaults } from "#test/support/counted-faults.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";
import { type FaultyDynamoDb, startFaultyDynamoDb } from "#test/support/database/faulty-dynamodb.ts";
import { eventually } from "#test/support/eventually.ts";
import { ledgerItem } from "#test/support/factories/ledger-items.ts";
import { backtestTask, tradingSignal } from "#test/support/factories/messages.ts";
import { position } from "#test/support/factories/positions.ts";
import { manualClock } from "#test/support/manual-clock.ts";
import { type PipelineWorld, startWorld } from "#test/support/pipeline-world.ts";

/** What a test of this file has made happen; in the end each metric of the catalogue has been seen. */
const seen = new Set<string>();
let faults: CountedFaults;
beforeEach(() => {
  faults = countedFaults();
});
afterEach(() => {
  for (const name of Object.keys(faults.counts())) seen.add(name);
  for (const line of faults.lines()) {
    if (line.fault === undefined) continue;
    // Each line says what is wrong and what is done about it, and what a person can do.
    expect(Object.values(FAULTS)).toContainEqual(
      expect.objectContaining({ metric: line.fault, message: line.msg, remedy: line.remedy }),
    );
  }
});

describe("faults of a message are told and counted:", () => {
  const JOBS = makeJobQueue({ deliveryLimit: 2, messageTtlMs: 60_000 });

  it("retries, a dead letter, and one that waited too long", async () => {
    const clock = manualClock(Date.UTC(2026, 0, 15));
    const queue = makeInProcessQueue({ logger: faults.logger, clock });
    await queue.publish(JOBS, [makeJob("failing")]);
    await queue.consume(JOBS, async () => ({ kind: "retry", reason: "the table is away", delayMs: 0 }), {
      prefetch: 1,
    });
    await eventually("it is dead", async () => (await queue.depth(JOBS)).dead === 1);
    expect(faults.counts()).toEqual({ MessageRetries: 1, DeadLettered: 1 });

    await queue.publish(JOBS, [makeJob("late")]);
    clock.advance(61_000);
    await eventually("it is dropped", () => faults.counts().StaleSignals === 1);
    await queue.close();
  });

  it("a run that is made again", async () => {
    const errors = [new StoreError("reading the scan failed")];
    await withRunRetry({ logger: faults.logger, stopping: new AbortController().signal }, async () => {
      const error = errors.pop();
      if (error !== undefined) throw error;
    });
    expect(faults.counts()).toEqual({ RunRetries: 1 });
  });
});

describe("faults of exchange and database are told and counted:", () => {
  let world: PipelineWorld;
  let proxy: FaultyDynamoDb;
  beforeAll(async () => {
    world = await startWorld();
    proxy = await startFaultyDynamoDb(world.database.endpoint);
  });
  afterEach(() => world.reset());
  afterAll(async () => {
    await proxy.close();
    await world.close();
  });

  it.each([
    ["rate-limit", { ExchangeThrottles: 1 }],
    ["http-500", { ExchangeRetries: 1 }],
    ["banned", { ExchangeBans: 1 }],
  ] as const)("the exchange's %s", async (kind, counts) => {
    world.simulator.setFaults({ faults: [{ kind, path: "/time", times: 1 }] });
    const market = world.market({ logger: faults.logger, retryDelaysMs: [1] });
    const asked = market.serverTimeMs();
    if (kind === "banned") await expect(asked).rejects.toMatchObject({ kind: "banned" });
    else await asked;
    expect(faults.counts()).toEqual(counts);
  });

  it("throttling and failures of DynamoDB, each attempt, and no condition that does not hold", async () => {
    const tables = await world.tables();
    const client = clientOf(proxy.endpoint, { logger: faults.logger });
    const { positions } = world.stores(tables, client);
    const errors = [
      { status: 400, type: "ThrottlingException", message: "slow down" },
      { status: 400, type: "ProvisionedThroughputExceededException", message: "too much" },
      { status: 500, type: "InternalServerError", message: "sorry" },
    ];
    proxy.decide = () => {
      const error = errors.shift();
      return error === undefined ? { kind: "pass" } : { kind: "error", ...error };
    };
    const entry = position({ signalTimestamp: Math.floor(world.clock.nowMs() / 1000) });
    expect(await positions.put(entry)).toEqual({ kind: "stored" });
    expect(await positions.put(entry)).toMatchObject({ kind: "repeated" });
    expect(faults.counts()).toEqual({ DatabaseThrottles: 2, DatabaseRetries: 1 });
    client.destroy();
  });

  it("an answer of DynamoDB that stops midway, and a refusal that does", async () => {
    const client = clientOf(proxy.endpoint, { logger: faults.logger, requestTimeoutMs: 300 });
    const { positions } = world.stores(await world.tables(), client);
    proxy.seen.length = 0;
    // The second request is the first one again, whose condition does not hold any more.
    proxy.decide = (_operation, before) => ({ kind: before < 2 ? "stall" : "pass" });
    const entry = position({ signalTimestamp: Math.floor(world.clock.nowMs() / 1000) });
    expect(await positions.put(entry)).toMatchObject({ kind: "repeated" });
    expect(proxy.seen.slice(0, 3)).toEqual(["PutItem", "PutItem", "PutItem"]);
    expect(faults.counts()).toEqual({ DatabaseRetries: 2 });
    client.destroy();
  });

  it("a failure that quotes the request's credentials does not get into the line", async () => {
    const client = clientOf(proxy.endpoint, { logger: faults.logger, maxAttempts: 2 });
    proxy.decide = () => ({
      kind: "error",
      status: 500,
      type: "InternalServerError",
      message: "Authorization=AWS4-HMAC Credential=AKIASECRET",
    });
    const { positions } = world.stores(await world.tables(), client);
    const entry = position({ signalTimestamp: Math.floor(world.clock.nowMs() / 1000) });
    await expect(positions.put(entry)).rejects.toThrow(StoreError);
    expect(faults.counts()).toEqual({ DatabaseRetries: 2 });
    expect(faults.text()).not.toContain("AKIASECRET");
    client.destroy();
  });

  const waiting = { stopping: new AbortController().signal, pause: async () => {} };

  async function findWith() {
    const market = world.market();
    const clock = { ...world.clock, sync: async () => {} };
    return makeFind({
      ...waiting,
      logger: faults.logger,
      clock,
      history: makeHistoryLoader(market),
      instruments: makeInstrumentCatalog(market, world.clock),
      ...world.stores(await world.tables()),
      source: { market: "synthetic", simulated: true },
      rules: DEFAULT_TRADE_RULES,
      finderCandles: 500,
      signalMaxAgeSeconds: 300,
      codeVersion: "test",
    });
  }
  const signalAt = (issuedAt: number, overrides = {}) => {
    const signalId = `GHOSTUSDT:1m:BASIC:${Math.floor(issuedAt / 60_000)}`;
    return tradingSignal({
      symbol: "GHOSTUSDT",
      timeframe: "1m",
      strategy: "BASIC",
      signalId,
      issuedAt,
      ...overrides,
    });
  };

  it("a signal that is too old to act on", async () => {
    const message = signalAt(world.clock.nowMs() - 61_000);
    await (await findWith())({ message, messageId: message.signalId, attempt: 1, redelivered: false });
    expect(faults.counts()).toEqual({ StaleSignals: 1 });
  });

  it("signals of a coin that was delisted: the first is a dead letter, the others of its day are discarded", async () => {
    const find = await findWith();
    const queue = makeInProcessQueue({ logger: faults.logger, clock: world.clock });
    const ended: string[] = [];
    await queue.consume(
      TRADING_SIGNALS,
      async (delivery) => {
        const outcome = await find(delivery);
        ended.push(outcome.kind);
        return outcome;
      },
      { prefetch: 4 },
    );
    // Two strategies each minute, for three hours: the exchange is asked again now and then.
    let published = 0;
    for (let minute = 0; minute < 180; minute += 20) {
      const nowMs = world.clock.nowMs();
      const signals = ["BASIC", "ADVANCED"].map((strategy) =>
        signalAt(nowMs, { strategy, signalId: `GHOSTUSDT:1m:${strategy}:${Math.floor(nowMs / 60_000)}` }),
      );
      await queue.publish(TRADING_SIGNALS, signals);
      published += signals.length;
      await eventually("they are looked at", () => ended.length === published);
      world.clock.advance(20 * 60_000);
    }
    expect(ended.filter((kind) => kind === "dead-letter")).toHaveLength(1);
    expect(await queue.deadLetters(TRADING_SIGNALS, 10)).toMatchObject([
      {
        messageId: expect.stringMatching(/^GHOSTUSDT:1m:BASIC/),
        reason: expect.stringContaining("GHOSTUSDT"),
      },
    ]);
    expect(faults.counts()).toEqual({ DeadLettered: 1, UnlistedSignals: published - 1 });
    await queue.close();
  });

  it("that first signal stays the one for the dead letters when it is delivered again", async () => {
    const find = await findWith();
    const message = signalAt(world.clock.nowMs());
    const delivery = { message, messageId: message.signalId, attempt: 1, redelivered: false };
    for (const redelivered of [false, true]) {
      expect(await find({ ...delivery, redelivered })).toMatchObject({ kind: "dead-letter" });
    }
  });

  it("a backtest without its candles", async () => {
    const task = backtestTask({
      scanTimestamp: Math.floor(world.clock.nowMs() / 1000),
      symbol: "SOLUSDT",
    });
    world.simulator.setFaults({ faults: [{ kind: "hole", path: "symbol=SOLUSDT&interval=5" }] });
    const stores = world.stores(await world.tables());
    const analyze = makeAnalyze({
      ...waiting,
      ...stores,
      logger: faults.logger,
      history: makeHistoryLoader(world.market()),
      instruments: makeInstrumentCatalog(world.market(), world.clock),
      rules: DEFAULT_TRADE_RULES,
      analyzerId: "test",
      timeframes: ["5m"],
      backtestDays: DEFAULT_BACKTEST_DAYS,
      topNCoins: 1,
    });
    expect(await analyze({ message: task, messageId: task.taskId, attempt: 1, redelivered: false })).toEqual({
      kind: "ack",
    });
    expect(faults.counts()).toEqual({ FailedBacktests: 1 });
  });

  it("a pulse that the database does not take", async () => {
    const tables = await world.tables();
    const client = clientOf(proxy.endpoint, { maxAttempts: 1 });
    const pulse = startPulse(
      {
        store: makePulseStore(client, {
          tableName: tables.scans.name,
          clock: world.clock,
          logger: faults.logger,
        }),
        clock: world.clock,
        worker: "host:1",
        logger: faults.logger,
      },
      { each: "run", read: makeAnalyzerPulse(world.clock).read },
    );
    proxy.decide = () => ({ kind: "error", status: 500, type: "InternalServerError", message: "sorry" });
    pulse.beat();
    await eventually("it is counted", () => faults.counts().StatusWriteFailures === 1);
    proxy.decide = () => ({ kind: "pass" });
    await pulse.close();
    client.destroy();
  });

  it("signals that cannot be followed while the exchange fails", async () => {
    const { ledger } = world.stores(await world.tables());
    const signalTimestamp = Math.floor(world.clock.nowMs() / 60_000) * 60;
    await ledger.record(
      ledgerItem({ symbol: "SOLUSDT", timeframe: "1m", signalTimestamp, ttl: signalTimestamp + 300 }),
    );
    world.clock.advance(10 * 60_000);
    world.simulator.setFaults({ faults: [{ kind: "http-500", path: "symbol=SOLUSDT" }] });
    const market = world.market({ retryDelaysMs: [] });
    const settle = makeSettleSignals({
      ledger,
      market,
      clock: makeExchangeClock(market, world.clock),
      source: { market: "synthetic", simulated: true },
      logger: faults.logger,
    });
    expect(await settle()).toMatchObject({ settled: 0, failed: 1 });
    expect(faults.counts()).toEqual({ FollowFailures: 1 });
  });
});

describe.skipIf(!privateBrokerAvailable())("faults of the broker are told and counted:", () => {
  const JOBS = makeJobQueue();
  let broker: PrivateBroker;
  beforeAll(async () => {
    broker = await startPrivateBroker();
  }, 120_000);
  afterAll(() => broker?.dispose());

  it("a connection that breaks, what was under way then, and a broker that takes nothing", async () => {
    const proxy = await startTcpProxy(broker.port);
    const url = `amqp://guest:guest@127.0.0.1:${proxy.port}`;
    const queue = await connectRabbitMq({
      url,
      logger: faults.logger,
      queues: [JOBS],
      parkingLevelsMs: [1_000],
    });
    const publishing = queue.publish(JOBS, [makeJob("a")]);
    proxy.cut();
    await publishing;
    await eventually("both connections are back", () => (faults.counts().BrokerReconnects ?? 0) >= 2);
    expect(faults.counts()).toMatchObject({ PublishRetries: 1 });

    await broker.ctl("set_vm_memory_high_watermark", "0.0000001");
    const blocked = queue.publish(JOBS, [makeJob("b")]).catch(() => {});
    await eventually("it is told", () => faults.counts().BrokerBlocks === 1, { timeoutMs: 20_000 });
    await broker.ctl("set_vm_memory_high_watermark", "0.4");
    await blocked;
    await queue.close();
    await proxy.close();
    expect(faults.text()).not.toContain("guest:guest");
  }, 90_000);

  it("a user who is refused", async () => {
    const connecting = connectRabbitMq({
      url: `amqp://guest:hunter2@127.0.0.1:${broker.port}`,
      logger: faults.logger,
      queues: [JOBS],
    });
    await expect(connecting).rejects.toThrow(/refuses the user/);
    expect(faults.counts()).toMatchObject({ BrokerRefusals: 1 });
  });

  it("all that the catalogue has", () => {
    expect([...seen].sort()).toEqual([...FAULT_METRICS].sort());
  });
});
