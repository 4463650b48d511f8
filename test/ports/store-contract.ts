import { type DynamoDBDocumentClient, NumberValue, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import { type LedgerOutcome, WAITING } from "#libs/contracts/ledger-item.ts";
import { RESULT_LIFE_SECONDS } from "#libs/contracts/results-item.ts";
import type { UniverseEntry } from "#libs/contracts/scan-item.ts";
import { ContractError } from "#libs/contracts/wire.ts";
import { makeLeaseStore } from "#libs/store/dynamodb/lease-store.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import type { TimeframeOutcome } from "#libs/store/results-store.ts";
import type { TaskEnd } from "#libs/store/scan-store.ts";
import { crashing } from "#test/support/broker/crashing-client.ts";
import { interrupted } from "#test/support/broker/interrupted-client.ts";
import {
  clientOf,
  freshTables,
  type TestDynamoDb,
  type TestTables,
} from "#test/support/database/dynamodb.ts";
import { expectedItem } from "#test/support/factories/expected-results-item.ts";
import { ledgerItem } from "#test/support/factories/ledger-items.ts";
import { position } from "#test/support/factories/positions.ts";
import {
  FAILED,
  figures,
  identity,
  NO_TRADES,
  outcome,
  SCAN_TIME,
  statistics,
  withoutWriter,
} from "#test/support/factories/results.ts";

/** What every DynamoDB must show through the stores; registered once for each implementation. */
export function storeContract(implementation: string, start: () => Promise<TestDynamoDb>): void {
  describe(`stores on ${implementation}`, () => {
    let database: TestDynamoDb;
    let client: DynamoDBDocumentClient;
    let tables: TestTables;
    const clock = { now: 0, nowMs: () => clock.now };
    const logger = pino({ level: "silent" });

    beforeAll(async () => {
      database = await start();
      client = clientOf(database.endpoint);
    });
    afterAll(async () => {
      client?.destroy();
      await database?.close();
    });
    beforeEach(async () => {
      tables = await freshTables(client);
      clock.now = (SCAN_TIME + 60) * 1_000;
    });

    const results = (through = client) =>
      makeResultsStore(through, { tableName: tables.results.name, clock, logger });
    const positions = (pageItems = 100) =>
      makePositionsStore(client, { tableName: tables.positions.name, clock, logger, pageItems });
    const ledger = (through = client) =>
      makeLedgerStore(through, { tableName: tables.signals.name, clock, logger });
    const scans = (through = client) => makeScanStore(through, { tableName: tables.scans.name, clock });
    const leases = () => makeLeaseStore(client, { tableName: tables.scans.name, clock });

    const record = (
      given: TimeframeOutcome,
      who = identity(),
      timeframes: readonly Timeframe[] = TIMEFRAMES,
    ) => results().record(who, given, timeframes, "analyzer-1");

    describe("results", () => {
      it("creates the item with the first timeframe, in the scan's name", async () => {
        expect(await record(outcome("5m"))).toEqual({ kind: "recorded" });

        expect(await results().get("BTCUSDT", SCAN_TIME)).toEqual({
          symbol: "BTCUSDT",
          scanTimestamp: SCAN_TIME,
          scanId: "scan-2030-06-15T15",
          volatility24h: 12.34,
          turnover: 987_654_321.12,
          price: 0.00001234,
          priceChange24h: -3.21,
          timeframes: { "5m": outcome("5m").result },
          optimalTimeframe: "5m",
          optimalPnl: 120.5,
          optimalWinRate: 56.67,
          btcCorrelation: 0.5,
          trendAnalysis: { trend: "UP", strength: 71.5, change: 2.25 },
          analyzerId: "analyzer-1",
          createdAt: clock.now,
          updatedAt: clock.now,
          version: 1,
          status: "active",
          ttl: SCAN_TIME + RESULT_LIFE_SECONDS,
        });
      });

      it("rounds money and percentages to two decimals and leaves prices as they are", async () => {
        const exact = { totalPnl: 100.005_1, winRate: 56.666_666_7, maxDrawdown: -0.001, avgWin: null };
        await record(
          outcome("1m", { ...exact, strategies: { BASIC: figures(exact) } }),
          identity({ price: 0.000_012_345, turnover24h: 1.999 }),
        );

        const item = await results().get("BTCUSDT", SCAN_TIME);
        const rounded = { totalPnl: 100.01, winRate: 56.67, maxDrawdown: 0, avgWin: null };
        expect(item?.timeframes["1m"]).toMatchObject({ ...rounded, strategies: { BASIC: rounded } });
        expect(item).toMatchObject({ price: 0.000_012_345, turnover: 2, optimalPnl: 100.01 });
      });

      it("rounds what may be chance in the same way, and leaves probabilities as they are", async () => {
        const exact = {
          winRateLow: 39.199_9,
          winRateHigh: null,
          buyAndHoldPnl: -51.254_9,
          optimisticPnl: 0.001,
        };
        const kept = {
          pValue: 0.032_123_45,
          probabilisticSharpe: 0.911_111_1,
          deflatedSharpe: null,
          sharpe: 0.25,
        };
        const luck = statistics({ ...exact, ...kept });
        await record(outcome("1m", { strategies: { BASIC: figures({ statistics: luck }) } }));

        const stored = (await results().get("BTCUSDT", SCAN_TIME))?.timeframes["1m"]?.strategies.BASIC
          ?.statistics;
        expect(stored).toEqual({
          ...luck,
          winRateLow: 39.2,
          winRateHigh: null,
          buyAndHoldPnl: -51.25,
          optimisticPnl: 0,
        });
      });

      it("refuses a figure that is no number, and writes nothing", async () => {
        await expect(record(outcome("1m", { totalPnl: Number.NaN }))).rejects.toThrow(ContractError);
        expect(await results().get("BTCUSDT", SCAN_TIME)).toBeNull();
      });

      it("changes nothing when a timeframe is delivered again, even with other figures", async () => {
        await record(outcome("5m"));
        const before = await results().get("BTCUSDT", SCAN_TIME);
        clock.now += 5_000;

        expect(await record(outcome("5m", { totalPnl: 999 }))).toEqual({
          kind: "repeated",
          status: "completed",
        });
        expect(await record(outcome("5m", FAILED))).toEqual({ kind: "repeated", status: "completed" });
        expect(await results().get("BTCUSDT", SCAN_TIME)).toEqual(before);
      });

      it("replaces a failure by a later success, and never a success by anything", async () => {
        await record(outcome("5m", FAILED));
        expect(await record(outcome("5m", FAILED))).toEqual({ kind: "repeated", status: "failed" });
        expect(await results().get("BTCUSDT", SCAN_TIME)).toMatchObject({
          timeframes: { "5m": { status: "failed", error: FAILED.error } },
          status: "pending",
          version: 1,
        });

        expect(await record(outcome("5m"))).toEqual({ kind: "recorded" });
        const item = await results().get("BTCUSDT", SCAN_TIME);
        expect(item).toMatchObject({ status: "active", version: 2, optimalTimeframe: "5m" });
        expect(item?.timeframes["5m"]).not.toHaveProperty("error");
      });

      it("takes the higher PnL, then the higher win rate, then the shorter timeframe as optimum", async () => {
        const optimum = async () => (await results().get("BTCUSDT", SCAN_TIME))?.optimalTimeframe;
        await record(outcome("15m", { totalPnl: 50, winRate: 50 }));
        await record(outcome("30m", { totalPnl: 50, winRate: 50 }));
        expect(await optimum()).toBe("15m");
        await record(outcome("5m", { totalPnl: 50, winRate: 50 }));
        expect(await optimum()).toBe("5m");
        await record(outcome("1m", { totalPnl: -5, winRate: 99 }));
        expect(await optimum()).toBe("5m");
        await record(outcome("3m", { totalPnl: 50, winRate: 51 }));
        expect(await optimum()).toBe("3m");
      });

      it("describes the optimum with the correlation and trend of its own timeframe", async () => {
        await record(outcome("1m", { totalPnl: 1 }));
        await record(outcome("3m", { totalPnl: 2 }, { btcCorrelation: null, trendAnalysis: null }));

        const item = await results().get("BTCUSDT", SCAN_TIME);
        expect(item).toMatchObject({ optimalTimeframe: "3m", btcCorrelation: null });
        expect(item).not.toHaveProperty("trendAnalysis");
      });

      it("stays pending until all timeframes are there, then becomes inactive when none has traded", async () => {
        for (const timeframe of TIMEFRAMES) {
          const before = await results().get("BTCUSDT", SCAN_TIME);
          expect(before?.status ?? "pending").toBe("pending");
          await record(outcome(timeframe, timeframe === "3m" ? FAILED : NO_TRADES));
        }
        expect(await results().get("BTCUSDT", SCAN_TIME)).toMatchObject({ status: "inactive", version: 5 });

        await record(outcome("3m"));
        expect(await results().get("BTCUSDT", SCAN_TIME)).toMatchObject({ status: "active", version: 6 });
      });

      it("is inactive at once when the scan's only timeframe has not traded", async () => {
        await record(outcome("30m", NO_TRADES), identity(), ["30m"]);
        expect((await results().get("BTCUSDT", SCAN_TIME))?.status).toBe("inactive");
      });

      it("ends in the same item when five analyzers finish at the same time", async () => {
        const outcomes = TIMEFRAMES.map((timeframe, i) =>
          outcome(timeframe, { totalPnl: [5, 40, -3, 40, 7][i] ?? 0 }),
        );
        for (const symbol of ["AUSDT", "BUSDT", "CUSDT", "DUSDT", "EUSDT", "FUSDT"]) {
          const told = await Promise.all(
            [...outcomes, ...outcomes].map((given, i) =>
              results().record(identity({ symbol }), given, TIMEFRAMES, `analyzer-${i}`),
            ),
          );
          expect(told.filter(({ kind }) => kind === "recorded")).toHaveLength(5);
          expect(withoutWriter(await results().get(symbol, SCAN_TIME))).toEqual(
            expectedItem(identity({ symbol }), outcomes, TIMEFRAMES),
          );
        }
      });

      it("is inactive when the last two of five without trades finish at the same time", async () => {
        for (let round = 0; round < 8; round++) {
          const who = identity({ symbol: `T${round}USDT` });
          await Promise.all(TIMEFRAMES.map((timeframe) => record(outcome(timeframe, NO_TRADES), who)));
          expect(await results().get(who.symbol, SCAN_TIME)).toMatchObject({
            status: "inactive",
            version: 5,
          });
        }
      });

      it("ends in the same item wherever another worker comes in between", async () => {
        const ofScan = ["5m", "15m", "30m"] as const;
        let run = 0;
        for (const request of [2, 3, 4]) {
          for (const mine of [{ totalPnl: 10 }, NO_TRADES, FAILED]) {
            for (const other of [{ totalPnl: 20 }, { totalPnl: 5 }, NO_TRADES]) {
              // The other worker records the last timeframe, or makes a failed one good: either may decide
              // the optimum and the status while this one is between two of its conditions.
              for (const timeframe of ["5m", "30m"] as const) {
                const who = identity({ symbol: `I${run++}USDT` });
                const theirs = outcome(timeframe, other);
                await record(outcome("5m", FAILED), who, ofScan);
                if (timeframe === "5m") await record(outcome("30m", NO_TRADES), who, ofScan);
                const through = interrupted(database.endpoint, request, () => record(theirs, who, ofScan));
                await results(through).record(who, outcome("15m", mine), ofScan, "analyzer-2");
                through.destroy();
                // When this one needed fewer requests, the other simply comes later.
                await record(theirs, who, ofScan);

                const improved = timeframe === "5m";
                const final = [
                  improved ? theirs : outcome("5m", FAILED),
                  outcome("15m", mine),
                  timeframe === "30m" ? theirs : outcome("30m", NO_TRADES),
                ];
                expect(withoutWriter(await results().get(who.symbol, SCAN_TIME))).toEqual({
                  ...expectedItem(who, final, ofScan),
                  version: improved ? 4 : 3,
                });
              }
            }
          }
        }
      }, 60_000);

      it("ends in the same item under any order, repetition, concurrency and crash", async () => {
        const kinds = [
          { totalPnl: 10, winRate: 50 },
          { totalPnl: 10, winRate: 60 },
          { totalPnl: -20, winRate: 40 },
          NO_TRADES,
          NO_TRADES,
          FAILED,
        ];
        const delivery = fc.record({
          timeframe: fc.constantFrom(...TIMEFRAMES),
          crash: fc.option(fc.record({ request: fc.integer({ min: 1, max: 4 }), answered: fc.boolean() }), {
            nil: null,
          }),
        });
        let run = 0;
        await fc.assert(
          fc.asyncProperty(
            fc.tuple(...TIMEFRAMES.map(() => fc.constantFrom(...kinds))),
            fc.array(fc.array(delivery, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
            fc.shuffledSubarray([...TIMEFRAMES], { minLength: TIMEFRAMES.length }),
            async (results5, waves, order) => {
              const who = identity({ symbol: `P${run++}USDT` });
              const outcomes = TIMEFRAMES.map((timeframe, i) => outcome(timeframe, results5[i] ?? NO_TRADES));
              const of = (timeframe: Timeframe) =>
                outcomes[TIMEFRAMES.indexOf(timeframe)] ?? outcome(timeframe);
              for (const wave of waves) {
                await Promise.allSettled(
                  wave.map(({ timeframe, crash }, i) =>
                    results(crash === null ? client : crashing(database.endpoint, crash)).record(
                      who,
                      of(timeframe),
                      TIMEFRAMES,
                      `analyzer-${i}`,
                    ),
                  ),
                );
              }
              // What crashed comes back from the queue: in the end each timeframe is delivered whole.
              for (const timeframe of order) await record(of(timeframe), who);
              expect(withoutWriter(await results().get(who.symbol, SCAN_TIME))).toEqual(
                expectedItem(who, outcomes, TIMEFRAMES),
              );
            },
          ),
          { numRuns: 30 },
        );
      }, 60_000);

      it("writes nothing for a scan whose life is over, and reads none that has expired", async () => {
        await record(outcome("1m"));
        clock.now = (SCAN_TIME + RESULT_LIFE_SECONDS) * 1_000;
        expect(await results().get("BTCUSDT", SCAN_TIME)).toBeNull();
        expect(await results().active()).toEqual([]);
        expect(await results().ofScan("scan-2030-06-15T15")).toEqual([]);
        expect(await record(outcome("3m"))).toEqual({ kind: "recorded" });

        clock.now += 1;
        expect(await record(outcome("5m"))).toEqual({ kind: "expired" });
        expect(await record(outcome("5m"), identity({ symbol: "NEWUSDT" }))).toEqual({ kind: "expired" });
        clock.now = SCAN_TIME * 1_000;
        expect(Object.keys((await results().get("BTCUSDT", SCAN_TIME))?.timeframes ?? {})).toEqual([
          "1m",
          "3m",
        ]);
        expect(await results().get("NEWUSDT", SCAN_TIME)).toBeNull();
      });

      it("reads all active items over many pages, newest scan first", async () => {
        const error = "x".repeat(40_000);
        const total = 60;
        for (let i = 0; i < total; i++) {
          await record(
            outcome("1m", { error }),
            identity({ symbol: `C${i}USDT`, scanTimestamp: SCAN_TIME - i }),
          );
        }
        await record(outcome("1m", NO_TRADES), identity({ symbol: "PENDINGUSDT" }));

        const items = await results().active();
        expect(items.map(({ symbol }) => symbol)).toEqual(
          Array.from({ length: total }, (_, i) => `C${i}USDT`),
        );
      });

      it("leaves out active items that newer ones of the coin have overtaken in every timeframe", async () => {
        const older = identity({ scanTimestamp: SCAN_TIME - 3_600, scanId: "older" });
        const oldest = identity({ scanTimestamp: SCAN_TIME - 7_200, scanId: "oldest" });
        await record(outcome("1m"));
        await record(outcome("3m"), older);
        await record(outcome("1m"), older);
        await record(outcome("1m"), oldest);
        await record(outcome("3m"), oldest);
        await record(outcome("5m", FAILED));
        // A minute older: items of the same moment come in no order.
        await record(outcome("1m"), {
          ...oldest,
          symbol: "ETHUSDT",
          scanTimestamp: oldest.scanTimestamp - 60,
        });

        const read = async () =>
          (await results().active()).map(({ symbol, scanId }) => `${symbol} ${scanId}`);
        expect(await read()).toEqual(["BTCUSDT scan-2030-06-15T15", "BTCUSDT older", "ETHUSDT oldest"]);
        // A timeframe that failed in the newest scan still counts as it was before.
        await record(outcome("5m"), oldest);
        expect(await read()).toEqual([
          "BTCUSDT scan-2030-06-15T15",
          "BTCUSDT older",
          "BTCUSDT oldest",
          "ETHUSDT oldest",
        ]);
      });

      it("lets an item that does not parse overtake nothing", async () => {
        const older = identity({ scanTimestamp: SCAN_TIME - 3_600, scanId: "older" });
        await record(outcome("1m"), older);
        const broken = {
          symbol: "BTCUSDT",
          scan_timestamp: SCAN_TIME,
          status: "active",
          timeframes: { "1m": { status: "completed" } },
          ttl: SCAN_TIME + 9_999,
        };
        await client.send(new PutCommand({ TableName: tables.results.name, Item: broken }));
        expect((await results().active()).map(({ scanId }) => scanId)).toEqual(["older"]);
      });

      it("reads on past an item whose time is beyond what a key of ours can be", async () => {
        await record(outcome("1m"));
        const beyond = {
          symbol: "BTCUSDT",
          scan_timestamp: NumberValue.from("100000000000000000000"),
          status: "active",
          timeframes: { "1m": { status: "completed" } },
          ttl: SCAN_TIME + 9_999,
        };
        await client.send(new PutCommand({ TableName: tables.results.name, Item: beyond }));
        expect((await results().active()).map(({ scanId }) => scanId)).toEqual(["scan-2030-06-15T15"]);
      });

      it("reads the items of one scan by any status, highest PnL first", async () => {
        await record(outcome("1m", { totalPnl: 5 }), identity({ symbol: "LOWUSDT" }));
        await record(outcome("1m", { totalPnl: 9 }), identity({ symbol: "HIGHUSDT" }));
        await record(outcome("1m", NO_TRADES), identity({ symbol: "WAITSUSDT" }));
        await record(outcome("1m", NO_TRADES), identity({ symbol: "IDLEUSDT" }), ["1m"]);
        await record(outcome("1m", { totalPnl: -9 }), identity({ symbol: "LOSSUSDT" }));
        await record(outcome("1m"), identity({ symbol: "OTHERUSDT", scanId: "another" }));

        const items = await results().ofScan("scan-2030-06-15T15");
        expect(items.map(({ symbol }) => symbol)).toEqual([
          "HIGHUSDT",
          "LOWUSDT",
          "LOSSUSDT",
          "IDLEUSDT",
          "WAITSUSDT",
        ]);
      });

      it("skips an item that does not parse in a query, and says so on a direct get", async () => {
        await record(outcome("1m"));
        const broken = {
          symbol: "BADUSDT",
          scan_timestamp: SCAN_TIME,
          status: "active",
          ttl: SCAN_TIME + 9_999,
        };
        await client.send(new PutCommand({ TableName: tables.results.name, Item: broken }));

        expect((await results().active()).map(({ symbol }) => symbol)).toEqual(["BTCUSDT"]);
        await expect(results().get("BADUSDT", SCAN_TIME)).rejects.toThrow(/BADUSDT.*scan_id/);
      });
    });

    describe("positions", () => {
      it("stores a position once: the same again is repeated, another one finds the place taken", async () => {
        expect(await positions().put(position())).toEqual({ kind: "stored" });
        expect(await positions().put(position({ createdAt: 1, confidence: 80 }))).toEqual({
          kind: "repeated",
        });
        expect(await positions().put(position({ strategy: "BASIC" }))).toEqual({
          kind: "taken",
          by: "5m ADVANCED",
        });
        expect(await positions().put(position({ timeframe: "15m" }))).toEqual({
          kind: "taken",
          by: "5m ADVANCED",
        });
        expect(await positions().active()).toEqual([position()]);
      });

      it("stores one of many that are found at the same time", async () => {
        const told = await Promise.all(
          ["BASIC", "ADVANCED", "BASIC", "ADVANCED", "BASIC"].map((strategy) =>
            positions().put(position({ strategy })),
          ),
        );
        expect(told.filter(({ kind }) => kind === "stored")).toHaveLength(1);
        const [stored] = await positions().active();
        const same = stored?.strategy === "BASIC" ? 2 : 1;
        expect(told.filter(({ kind }) => kind === "repeated")).toHaveLength(same);
        expect(told.filter(({ kind }) => kind === "taken")).toHaveLength(4 - same);
      });

      it("rounds money and percentages, and keeps prices, nulls and indicators", async () => {
        await positions().put(
          position({
            entryPrice: 0.000_012_3,
            expectedProfit: 18.699_9,
            fibDistance: 0.123_4,
            fundingRate: 0.000_123,
          }),
        );
        expect(await positions().active()).toMatchObject([
          {
            entryPrice: 0.000_012_3,
            expectedProfit: 18.7,
            fibDistance: 0.12,
            fundingRate: 0.000_123,
            bbPosition: null,
            rsi: 41.234_56,
          },
        ]);
      });

      it("does not write a signal older than its life, nor read one", async () => {
        const { ttl } = position();
        clock.now = ttl * 1_000;
        expect(await positions().put(position())).toEqual({ kind: "stored" });
        expect(await positions().active()).toEqual([]);
        expect(await positions().confident(0)).toEqual([]);
        clock.now += 1;
        expect(await positions().put(position({ symbol: "LATEUSDT" }))).toEqual({ kind: "expired" });
        clock.now = (ttl - 1) * 1_000;
        expect((await positions().active()).map(({ symbol }) => symbol)).toEqual(["SOLUSDT"]);
      });

      it("reads live positions newest first over small pages, behind any number of expired ones", async () => {
        for (let i = 0; i < 12; i++) {
          await positions().put(position({ symbol: `L${i}USDT`, signalTimestamp: SCAN_TIME - i }));
        }
        clock.now -= 3_600_000;
        for (let i = 0; i < 12; i++) {
          await positions().put(position({ symbol: `X${i}USDT`, signalTimestamp: SCAN_TIME - 3_600 - i }));
        }
        clock.now += 3_600_000;
        await positions().put(position({ symbol: "DONEUSDT", status: "closed" }));

        const live = Array.from({ length: 12 }, (_, i) => `L${i}USDT`);
        for (const pageItems of [1, 5, 12, 100]) {
          expect((await positions(pageItems).active()).map(({ symbol }) => symbol)).toEqual(live);
        }
        expect((await positions(5).active(7)).map(({ symbol }) => symbol)).toEqual(live.slice(0, 7));
        expect(await positions().active(0)).toEqual([]);
      });

      it("reads the confident ones, highest first", async () => {
        for (const [symbol, confidence] of [
          ["AUSDT", 80],
          ["BUSDT", 95],
          ["CUSDT", 79.99],
          ["DUSDT", 85],
        ] as const) {
          await positions().put(position({ symbol, confidence }));
        }
        const confident = await positions().confident(80);
        expect(confident.map(({ confidence }) => confidence)).toEqual([95, 85, 80]);
        expect(await positions().confident(80, 1)).toEqual(confident.slice(0, 1));
      });

      it("answers on ConfidenceIndex as a person asks", async () => {
        await positions().put(position({ symbol: "AUSDT", confidence: 75 }));
        await positions().put(position({ symbol: "BUSDT", confidence: 95 }));
        await positions().put(position({ symbol: "CUSDT", confidence: 80 }));
        const { Items } = await client.send(
          new QueryCommand({
            TableName: tables.positions.name,
            IndexName: "ConfidenceIndex",
            KeyConditionExpression: "#s = :a AND confidence >= :c",
            ExpressionAttributeNames: { "#s": "status" },
            ExpressionAttributeValues: { ":a": "active", ":c": 80 },
            ScanIndexForward: false,
          }),
        );
        expect(Items?.map((item) => item.symbol)).toEqual(["BUSDT", "CUSDT"]);
      });
    });

    describe("the ledger", () => {
      const settled = (overrides: Partial<LedgerOutcome> = {}): LedgerOutcome => ({
        ...WAITING,
        state: "target",
        entry: { entryAt: SCAN_TIME * 1_000, fillPrice: 151.245_123 },
        exitAt: (SCAN_TIME + 600) * 1_000,
        exitPrice: 154.239_574_5,
        gross: 19.800_123_456_789,
        fees: 1.11,
        funding: -0.05,
        netPnl: 18.640_123_456_789,
        holdingMinutes: 15,
        decidedByDetail: false,
        bestPriceInLife: 150.9,
        updatedAt: (SCAN_TIME + 900) * 1_000,
        ...overrides,
      });
      const opened = settled({ state: "open", exitAt: null, exitPrice: null, netPnl: null });
      const get = (item = ledgerItem()) => ledger().get(item);

      it("records a signal once: the same again is repeated, another one finds the place taken", async () => {
        expect(await ledger().record(ledgerItem())).toEqual({ kind: "recorded" });
        expect(
          await ledger().record(ledgerItem({ signalId: "later", confidence: 80, createdAt: SCAN_TIME })),
        ).toEqual({ kind: "repeated", position: position() });
        for (const other of [{ strategy: "BASIC" }, { timeframe: "15m" }] as const) {
          expect(await ledger().record(ledgerItem(other))).toEqual({ kind: "taken", by: "5m ADVANCED" });
        }
        expect(await get()).toEqual(ledgerItem());
        expect(await ledger().open()).toEqual([ledgerItem()]);
      });

      it("gives the signal to one of many that find it at the same time", async () => {
        const outcomes = await Promise.all(
          ["BASIC", "ADVANCED", "BASIC", "ADVANCED"].map((strategy) =>
            ledger().record(ledgerItem({ strategy })),
          ),
        );
        expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["recorded", "repeated", "taken", "taken"]);
      });

      it("does not record a signal whose position's life is over, and keeps one for 400 days", async () => {
        const { ttl } = position();
        clock.now = ttl * 1_000 + 1;
        expect(await ledger().record(ledgerItem())).toEqual({ kind: "expired" });
        expect(await get()).toBeNull();
        clock.now = ttl * 1_000;
        await ledger().record(ledgerItem());
        clock.now = (SCAN_TIME + 400 * 86_400 - 1) * 1_000;
        expect(await get()).toEqual(ledgerItem());
        clock.now += 1_000;
        expect(await get()).toBeNull();
        expect(await ledger().open()).toEqual([]);
      });

      it("rounds money as the position does, and keeps every digit of an outcome", async () => {
        const item = ledgerItem({ expectedProfit: 18.699_9 });
        await ledger().record({ ...item, evidence: { ...item.evidence, winRate: 56.666_6 } });
        await ledger().settle(item, settled());
        expect(await get()).toMatchObject({
          position: { expectedProfit: 18.7 },
          evidence: { winRate: 56.67 },
          outcome: settled(),
        });
      });

      it("moves a signal from waiting to open to its end, and never back", async () => {
        const item = ledgerItem();
        expect(await ledger().settle(item, opened)).toBe(false);
        await ledger().record(item);
        expect(await ledger().settle(item, opened)).toBe(true);
        expect(await ledger().settle(item, { ...opened, updatedAt: SCAN_TIME * 1_000 })).toBe(false);
        expect(await ledger().open()).toEqual([{ ...item, outcome: opened }]);
        expect(await ledger().settle(item, settled())).toBe(true);
        for (const late of [settled({ state: "stop" }), opened]) {
          expect(await ledger().settle(item, late)).toBe(false);
        }
        const { open: _, ...closed } = item;
        expect(await get()).toEqual({ ...closed, outcome: settled() });
        expect(await ledger().open()).toEqual([]);
        expect(await ledger().record(ledgerItem({ signalId: "again" }))).toMatchObject({ kind: "repeated" });
      });

      it("stores one outcome of two executors", async () => {
        await ledger().record(ledgerItem());
        const states = ["target", "stop", "target", "stop"] as const;
        const stored = await Promise.all(
          states.map((state) => ledger().settle(ledgerItem(), settled({ state }))),
        );
        expect(stored.filter((one) => one)).toHaveLength(1);
        expect((await get())?.outcome.state).toBe(states[stored.indexOf(true)]);
      });

      it("stores a comparison once, and none of a signal that is not there", async () => {
        const parity = { state: "equal", reason: null, scanId: "scan-1", comparedAt: clock.now } as const;
        expect(await ledger().compare(ledgerItem(), parity)).toBe(false);
        expect(await get()).toBeNull();
        await ledger().record(ledgerItem());
        expect(await ledger().compare(ledgerItem(), parity)).toBe(true);
        expect(await ledger().compare(ledgerItem(), { ...parity, state: "mismatch", reason: "exit" })).toBe(
          false,
        );
        expect((await get())?.parity).toEqual(parity);
      });

      it("reads a span of time, both ends included, over days, in order, of one symbol or all", async () => {
        const DAY = 86_400;
        clock.now = (SCAN_TIME - 2 * DAY) * 1_000;
        const spread = [
          ["AUSDT", SCAN_TIME - 2 * DAY],
          ["BUSDT", SCAN_TIME - 1],
          ["AUSDT", SCAN_TIME],
          ["ZUSDT", SCAN_TIME],
          ["\u5e01\u5b89USDT", SCAN_TIME],
          ["AUSDT", SCAN_TIME + 1],
          ["AUSDT", SCAN_TIME + DAY],
        ] as const;
        for (const [symbol, signalTimestamp] of [...spread].reverse()) {
          await ledger().record(ledgerItem({ symbol, signalTimestamp }));
        }
        const read = async (fromSeconds: number, toSeconds: number, symbol?: string) =>
          (await ledger().between({ fromSeconds, toSeconds, symbol })).map((item) => [
            item.symbol,
            item.signalTimestamp,
          ]);
        expect(await read(SCAN_TIME - 3 * DAY, SCAN_TIME + 3 * DAY)).toEqual(spread);
        expect(await read(SCAN_TIME, SCAN_TIME)).toEqual(spread.slice(2, 5));
        expect(await read(SCAN_TIME - 1, SCAN_TIME + 1)).toEqual(spread.slice(1, 6));
        const ofA = spread.filter(([symbol]) => symbol === "AUSDT");
        expect(await read(SCAN_TIME - 3 * DAY, SCAN_TIME + 3 * DAY, "AUSDT")).toEqual(ofA);
        expect(await read(SCAN_TIME, SCAN_TIME + 1, "AUSDT")).toEqual(ofA.slice(1, 3));
      });

      it("reads all open signals over pages", async () => {
        const many = Array.from({ length: 450 }, (_, i) =>
          ledgerItem({ symbol: `C${i}USDT`, signalTimestamp: SCAN_TIME + i, reasons: ["x".repeat(2_000)] }),
        );
        for (let from = 0; from < many.length; from += 50) {
          await Promise.all(many.slice(from, from + 50).map((item) => ledger().record(item)));
        }
        const open = await ledger().open();
        expect(open.map((item) => item.symbol)).toEqual(many.map((item) => item.symbol));
      });
    });

    describe("scans", () => {
      const scanId = "scan-2030-06-15T15";
      const lease = (scannerId: string, overrides = {}) => ({
        scanId,
        scanTimestamp: SCAN_TIME,
        scannerId,
        leaseMs: 60_000,
        ...overrides,
      });
      const entry = (symbol: string, overrides: Partial<UniverseEntry> = {}): UniverseEntry => ({
        symbol,
        volatility24h: 10.5,
        turnover: 1_000_000.25,
        price: 1.2345,
        priceChange24h: -2.5,
        rank: 1,
        taken: true,
        ...overrides,
      });
      const twoCoins = async () => {
        await scans().acquire(lease("a"));
        await scans().recordUniverse(
          scanId,
          [entry("AUSDT"), entry("BUSDT")],
          ["AUSDT", "BUSDT"],
          ["1m", "5m"],
        );
        await scans().markPublished(scanId);
      };

      it("gives the scan to one of many scanners", async () => {
        const told = await Promise.all(["a", "b", "c", "d"].map((id) => scans().acquire(lease(id))));
        const [winner, ...more] = told.flatMap(({ kind }, i) => (kind === "acquired" ? ["abcd"[i]] : []));
        expect(more).toEqual([]);
        const held = told.filter(({ kind }) => kind !== "acquired");
        expect(held).toEqual(Array(3).fill({ kind: "held", by: winner, status: "started" }));
      });

      it("lets the holder of a lost answer go on", async () => {
        await scans().acquire(lease("a"));
        expect(await scans().acquire(lease("a", { scanTimestamp: SCAN_TIME + 7 }))).toEqual({
          kind: "acquired",
          scanTimestamp: SCAN_TIME,
        });
      });

      it("resumes what a dead scanner has left, with the first one's timestamp and coins", async () => {
        await scans().acquire(lease("a"));
        await scans().recordUniverse(scanId, [entry("AUSDT")], ["AUSDT"], ["1m"]);
        const startedAt = clock.now;
        clock.now += 59_999;
        expect(await scans().acquire(lease("b"))).toMatchObject({ kind: "held", by: "a" });
        clock.now += 1;
        const told = await Promise.all(
          ["b", "c"].map((id) => scans().acquire(lease(id, { scanTimestamp: SCAN_TIME + 120 }))),
        );
        expect(told.filter(({ kind }) => kind === "resumed")).toEqual([
          { kind: "resumed", scanTimestamp: SCAN_TIME, selected: ["AUSDT"] },
        ]);
        expect(told.filter(({ kind }) => kind === "held")).toHaveLength(1);
        expect(await scans().get(scanId)).toMatchObject({ startedAt, scanTimestamp: SCAN_TIME });
      });

      it("is not taken over once its tasks are in the queue", async () => {
        await twoCoins();
        clock.now += 3_600_000;
        expect(await scans().acquire(lease("b"))).toEqual({ kind: "held", by: "a", status: "published" });
      });

      it("keeps the whole universe of the exchange well below the item limit", async () => {
        await scans().acquire(lease("a"));
        const universe = Array.from({ length: 700 }, (_, i) =>
          entry(`10000COIN${i}USDT`, {
            rank: null,
            taken: false,
            reason: "turnover 1234567.89 below 5000000.00",
          }),
        );
        await scans().recordUniverse(scanId, universe, [], ["1m"]);
        expect(await scans().universe(scanId)).toEqual(universe);
        expect(JSON.stringify(universe).length).toBeLessThan(200_000);
        expect(await scans().get(scanId)).toMatchObject({
          universeCount: 700,
          selectedCount: 0,
          totalTasks: 0,
        });
      });

      it("keeps the first universe when another one comes for the same scan", async () => {
        await twoCoins();
        const before = await scans().get(scanId);
        await scans().recordUniverse(scanId, [entry("CUSDT")], ["CUSDT"], ["1m"]);
        expect(await scans().get(scanId)).toEqual(before);
        expect((await scans().universe(scanId))?.map(({ symbol }) => symbol)).toEqual(["AUSDT", "BUSDT"]);
      });

      it("keeps the first of two universes, and gives it to whoever ranked another", async () => {
        await scans().acquire(lease("a", { leaseMs: 0 }));
        await scans().acquire(lease("b"));
        const ranked = (symbol: string) => scans().recordUniverse(scanId, [entry(symbol)], [symbol], ["1m"]);
        const told = await Promise.all([ranked("AUSDT"), ranked("BUSDT")]);
        expect(told[0]).toEqual(told[1]);
        expect((await scans().get(scanId))?.selected).toEqual(told[0]?.map(({ symbol }) => symbol));
      });

      it("counts each task once, moves a failure that succeeds, and ends with the last one", async () => {
        await twoCoins();
        const startedAt = (await scans().get(scanId))?.startedAt ?? 0;
        const end = (symbol: string, timeframe: Timeframe, kind: TaskEnd) =>
          scans().recordTaskEnd(scanId, symbol, timeframe, kind);
        await end("AUSDT", "1m", "completed");
        await end("AUSDT", "1m", "completed");
        await end("AUSDT", "1m", "failed");
        await end("AUSDT", "5m", "no_trades");
        await end("BUSDT", "1m", "failed");
        await end("BUSDT", "1m", "failed");
        expect(await scans().get(scanId)).toMatchObject({
          status: "published",
          totalTasks: 4,
          completedTasks: 1,
          noTradesTasks: 1,
          failedTasks: 1,
          pendingTasks: 1,
          failed: new Set(["BUSDT:1m"]),
        });

        clock.now += 90_000;
        await end("BUSDT", "5m", "completed");
        const ended = await scans().get(scanId);
        expect(ended).toMatchObject({
          status: "completed",
          pendingTasks: 0,
          completedAt: clock.now,
          duration: clock.now - startedAt,
        });

        clock.now += 1_000;
        await end("BUSDT", "5m", "completed");
        expect(await scans().get(scanId)).toEqual(ended);
        await end("BUSDT", "1m", "completed");
        const moved = await scans().get(scanId);
        expect(moved).toMatchObject({ completedTasks: 3, failedTasks: 0, pendingTasks: 0 });
        expect(moved).not.toHaveProperty("failed");
        expect(moved?.completedAt).toBe(ended?.completedAt);
      });

      it("counts right when all tasks end at the same time, each told three times", async () => {
        await scans().acquire(lease("a"));
        const coins = ["AUSDT", "BUSDT", "CUSDT"];
        await scans().recordUniverse(
          scanId,
          coins.map((symbol) => entry(symbol)),
          coins,
          TIMEFRAMES,
        );
        const ends = (["completed", "no_trades", "failed"] as const).flatMap((kind, i) =>
          TIMEFRAMES.flatMap((timeframe) => Array(3).fill({ symbol: coins[i] ?? "", timeframe, kind })),
        );
        await Promise.all(
          ends.map(({ symbol, timeframe, kind }) => scans().recordTaskEnd(scanId, symbol, timeframe, kind)),
        );
        expect(await scans().get(scanId)).toMatchObject({
          status: "completed",
          completedTasks: 5,
          noTradesTasks: 5,
          failedTasks: 5,
          pendingTasks: 0,
        });
      });

      it("stays completed when the analyzers are faster than the scanner", async () => {
        await scans().acquire(lease("a"));
        await scans().recordUniverse(scanId, [entry("AUSDT")], ["AUSDT"], ["1m"]);
        await scans().recordTaskEnd(scanId, "AUSDT", "1m", "completed");
        await scans().markPublished(scanId);
        expect(await scans().get(scanId)).toMatchObject({ status: "completed", publishedAt: clock.now });
      });

      it("is completed by being published when no coin was taken", async () => {
        await scans().acquire(lease("a"));
        await scans().recordUniverse(
          scanId,
          [entry("AUSDT", { taken: false, rank: null, reason: "thin" })],
          [],
          ["1m"],
        );
        clock.now += 500;
        await scans().markPublished(scanId);
        expect(await scans().get(scanId)).toMatchObject({ status: "completed", duration: 500 });
      });

      it("counts no task that is not of the scan", async () => {
        await twoCoins();
        await scans().recordTaskEnd(scanId, "ZUSDT", "1m", "completed");
        await scans().recordTaskEnd(scanId, "AUSDT", "30m", "completed");
        await scans().recordTaskEnd("another", "AUSDT", "1m", "completed");
        expect(await scans().get(scanId)).toMatchObject({ completedTasks: 0, pendingTasks: 4 });
        expect(await scans().get("another")).toBeNull();
      });

      it("is gone when its life is over", async () => {
        await twoCoins();
        clock.now += 7 * 86_400_000;
        expect(await scans().get(scanId)).toBeNull();
        expect(await scans().universe(scanId)).toBeNull();
      });
    });

    describe("leases", () => {
      const terms = { lifeSeconds: 60, holdSeconds: 15 };
      const take = (name: string, owner: string) => leases().take(name, owner, terms);

      it("are taken by one of many, and never again when the work is done", async () => {
        const told = await Promise.all(["a", "b", "c", "a"].map((owner) => take("selector#1", owner)));
        expect([...told].sort()).toEqual(["held", "held", "held", "taken"]);
        await leases().finish("selector#1", "a", terms);
        clock.now += 3_600_000;
        expect(await take("selector#1", "d")).toBe("done");
        expect(await take("selector#2", "d")).toBe("taken");
      });

      it("are taken over, by one of many, when their owner has not finished in time", async () => {
        expect(await take("selector#3", "a")).toBe("taken");
        clock.now += 14_999;
        expect(await take("selector#3", "b")).toBe("held");
        clock.now += 1;
        const told = await Promise.all(["b", "c", "d"].map((owner) => take("selector#3", owner)));
        expect([...told].sort()).toEqual(["held", "held", "taken"]);
      });

      it("are taken over at once when their owner gives up, and not when another has them", async () => {
        await take("selector#4", "a");
        await leases().giveUp("selector#4", "b", terms);
        expect(await take("selector#4", "b")).toBe("held");
        await leases().giveUp("selector#4", "a", terms);
        expect(await take("selector#4", "b")).toBe("taken");
        await leases().finish("selector#4", "b", terms);
        await leases().giveUp("selector#4", "b", terms);
        expect(await take("selector#4", "c")).toBe("done");
      });
    });
  });
}
