import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SINGLE_PULSE_LIFE_SECONDS, WORKER_PULSE_LIFE_SECONDS } from "#libs/contracts/pulse-item.ts";
import { SELECTION_LIFE_SECONDS, type SelectionContent } from "#libs/contracts/selection-item.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { makeSelectionStore } from "#libs/store/dynamodb/status/selection-store.ts";
import { MOST_WORKERS } from "#libs/store/dynamodb/status/worker-list.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { clientOf, freshTables, type TestDynamoDb } from "#test/support/database/dynamodb.ts";
import { analyzerPulse, finderPulse, scannerPulse, selectorPulse } from "#test/support/factories/pulses.ts";
import { SCAN_TIME } from "#test/support/factories/results.ts";
import { selectedStrategy, selectionContent } from "#test/support/factories/selections.ts";
import { type ManualClock, manualClock } from "#test/support/manual-clock.ts";

const MINUTE = Math.floor((SCAN_TIME + 60) / 60);

/** What every DynamoDB must show of selection and pulses; registered once for each implementation. */
export function statusContract(implementation: string, start: () => Promise<TestDynamoDb>): void {
  describe(`selection and pulses on ${implementation}`, () => {
    let database: TestDynamoDb;
    let client: DynamoDBDocumentClient;
    let tableName: string;
    let clock: ManualClock;
    let log: ReturnType<typeof capturedLogger>;

    beforeAll(async () => {
      database = await start();
      client = clientOf(database.endpoint);
    });
    afterAll(async () => {
      client?.destroy();
      await database?.close();
    });
    beforeEach(async () => {
      tableName = (await freshTables(client)).scans.name;
      clock = manualClock((SCAN_TIME + 60) * 1_000);
      log = capturedLogger();
    });

    const selections = () => makeSelectionStore(client, { tableName, clock });
    /** One a process: what it remembers of its workers is its own. */
    const pulses = () => makePulseStore(client, { tableName, clock, logger: log.logger });
    const raw = async (id: string) =>
      (await client.send(new GetCommand({ TableName: tableName, Key: { scan_id: id } }))).Item;

    describe("the selection", () => {
      const record = (content: SelectionContent, minute = MINUTE, selectorId = "one") =>
        selections().record({ content, minute, selectorId });

      it("is stored whole and read as it was", async () => {
        const content = selectionContent();
        expect(await selections().latest()).toBeNull();
        expect(await record(content)).toEqual({ kind: "stored" });
        expect(await selections().latest()).toEqual({
          ...content,
          minute: MINUTE,
          selectorId: "one",
          contentHash: expect.stringMatching(/^[0-9a-f]{32}$/),
          updatedAt: clock.nowMs(),
          ttl: SCAN_TIME + 60 + SELECTION_LIFE_SECONDS,
        });
        const item = await raw("selection#latest");
        expect(item).toMatchObject({ newest_scan_id: "scan-2030-06-15T15", refused_count: 1 });
        expect(item?.taken[0]).toMatchObject({ win_rate_low: 41.45, deflated_sharpe: 0.33, p_value: 0.008 });
      });

      it("is written when it says something new, and not because a minute or the selector is another", async () => {
        await record(selectionContent());
        const before = await raw("selection#latest");
        clock.advance(60_000);
        expect(await record(selectionContent(), MINUTE + 1, "two")).toEqual({ kind: "unchanged" });
        expect(await raw("selection#latest")).toEqual(before);
        expect(await record(selectionContent({ coins: 31 }), MINUTE + 2)).toEqual({ kind: "stored" });
        expect(await selections().latest()).toMatchObject({ coins: 31, minute: MINUTE + 2 });
      });

      it("is written again before it expires, though it says the same", async () => {
        await record(selectionContent());
        clock.advance((SELECTION_LIFE_SECONDS / 7) * 1_000 - 1_000);
        expect(await record(selectionContent(), MINUTE + 1_439)).toEqual({ kind: "unchanged" });
        clock.advance(1_000);
        expect(await record(selectionContent(), MINUTE + 1_440)).toEqual({ kind: "stored" });
        clock.advance(SELECTION_LIFE_SECONDS * 1_000 - 1_000);
        expect(await selections().latest()).not.toBeNull();
        clock.advance(1_000);
        expect(await selections().latest()).toBeNull();
      });

      it("of an earlier minute does not replace that of a later one", async () => {
        await record(selectionContent({ coins: 2 }), MINUTE + 1);
        expect(await record(selectionContent({ coins: 1 }), MINUTE)).toEqual({ kind: "overtaken" });
        expect(await selections().latest()).toMatchObject({ coins: 2 });
      });

      it("is one of the two when two selectors store at the same time", async () => {
        await Promise.all([
          record(selectionContent({ coins: 1 })),
          record(selectionContent({ coins: 1 }), MINUTE, "two"),
          record(selectionContent({ coins: 3 }), MINUTE + 1, "three"),
        ]);
        expect(await selections().latest()).toMatchObject({ coins: 3, minute: MINUTE + 1 });
      });

      it("has a hash of its content only, whatever the order of the fields", async () => {
        const shuffled = Object.fromEntries(Object.entries(selectionContent()).reverse());
        await record(selectionContent());
        // The same fields, built in another order.
        expect(await record(shuffled as SelectionContent, MINUTE + 1)).toEqual({ kind: "unchanged" });
      });

      it("fits into an item with the longest names and as many strategies as a selection may list", async () => {
        const taken = Array.from({ length: 800 }, (_, i) =>
          selectedStrategy({
            symbol: `${"비".repeat(25)}${i}`,
            pValue: 0.123_456_789_012_345_6,
            totalPnl: -i,
          }),
        );
        expect(await record(selectionContent({ taken, takenCount: taken.length }))).toEqual({
          kind: "stored",
        });
        expect((await selections().latest())?.taken).toHaveLength(taken.length);
      });
    });

    describe("pulses", () => {
      it("are read together, without a look at any other item", async () => {
        await Promise.all([
          pulses().put(finderPulse({ worker: "host-2:1" })),
          pulses().put(finderPulse({ worker: "host-1:1" })),
          pulses().put(analyzerPulse()),
          pulses().put(selectorPulse()),
          pulses().put(scannerPulse()),
        ]);
        const found = await pulses().all();
        expect(found.map(({ service, worker }) => `${service} ${worker}`)).toEqual([
          "scanner host:1",
          "analyzer host:1",
          "selector host:1",
          "finder host-1:1",
          "finder host-2:1",
        ]);
        const single = SCAN_TIME + 60 + SINGLE_PULSE_LIFE_SECONDS;
        expect(found[2]).toEqual({ ...selectorPulse(), ttl: single });
        expect(found[3]).toEqual({
          ...finderPulse({ worker: "host-1:1" }),
          ttl: SCAN_TIME + 60 + WORKER_PULSE_LIFE_SECONDS,
        });
        expect(await raw("pulse#selector")).toMatchObject({
          last_run: { newest_scan_id: "scan-2030-06-15T15" },
        });
      });

      it("replace the earlier one of the same process", async () => {
        const store = pulses();
        await store.put(analyzerPulse());
        await store.put(analyzerPulse({ total: { done: 200, failed: 1, retries: 2, deadLetters: 1 } }));
        expect((await store.all()).map(({ total }) => total)).toEqual([
          { done: 200, failed: 1, retries: 2, deadLetters: 1 },
        ]);
      });

      it("of ten workers that start at the same time are all there, and stay so at any order of their writes", async () => {
        const workers = Array.from({ length: 10 }, (_, i) => `host_a${i}:1`);
        await fc.assert(
          fc.asyncProperty(fc.shuffledSubarray(workers, { minLength: 10 }), async (order) => {
            tableName = (await freshTables(client)).scans.name;
            const stores = new Map(order.map((worker) => [worker, pulses()]));
            for (let round = 0; round < 3; round++) {
              await Promise.all(order.map((worker) => stores.get(worker)?.put(analyzerPulse({ worker }))));
            }
            const found = await pulses().all();
            expect(found.map(({ worker }) => worker)).toEqual(workers);
          }),
          { numRuns: 5 },
        );
      });

      it("of a worker that died are gone after a quarter of an hour, and its name when it was not seen for an hour", async () => {
        await pulses().put(analyzerPulse({ worker: "dead:1" }));
        clock.advance(WORKER_PULSE_LIFE_SECONDS * 1_000 - 1_000);
        const living = pulses();
        await living.put(analyzerPulse({ worker: "living:1" }));
        expect((await living.all()).map(({ worker }) => worker)).toEqual(["dead:1", "living:1"]);
        clock.advance(1_000);
        expect((await living.all()).map(({ worker }) => worker)).toEqual(["living:1"]);
        clock.advance(45 * 60_000);
        await living.put(analyzerPulse({ worker: "living:1" }));
        expect(Object.keys((await raw("pulse#analyzer"))?.workers)).toEqual(["living:1"]);
      });

      it("keep a living worker on the list, which it writes itself into seldom", async () => {
        const store = pulses();
        for (let minute = 0; minute < 180; minute += 1) {
          await store.put(finderPulse());
          const { workers, ttl } = (await raw("pulse#finder")) ?? {};
          expect(workers["host:1"]).toBeGreaterThan(clock.nowMs() / 1_000 + 29 * 60);
          expect(ttl).toBeGreaterThanOrEqual(workers["host:1"]);
          clock.advance(60_000);
        }
        expect(await store.all()).toHaveLength(1);
      });

      it("of a worker that stopped take it off the list with them, and nobody else", async () => {
        const [staying, leaving] = [pulses(), pulses()];
        await staying.put(finderPulse({ worker: "staying:1" }));
        await leaving.put(finderPulse({ worker: "leaving:1" }));
        await leaving.put(finderPulse({ worker: "leaving:1", stoppedAt: clock.nowMs() }));
        expect((await staying.all()).map(({ worker, stoppedAt }) => [worker, stoppedAt])).toEqual([
          ["leaving:1", clock.nowMs()],
          ["staying:1", null],
        ]);
        const { workers, ttl } = (await raw("pulse#finder")) ?? {};
        expect(ttl).toBeGreaterThanOrEqual(workers["staying:1"]);
        expect(workers["leaving:1"]).toBe(clock.nowMs() / 1_000 + WORKER_PULSE_LIFE_SECONDS);
      });

      it("do not let the list grow with each worker that ever was", async () => {
        await pulses().put(analyzerPulse({ worker: "first:1" }));
        const until = clock.nowMs() / 1_000 + 3_600;
        const many = Object.fromEntries(
          Array.from({ length: MOST_WORKERS + 20 }, (_, i) => [`w${i}:1`, until - 9]),
        );
        await client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: { scan_id: "pulse#analyzer" },
            UpdateExpression: "SET #workers = :many",
            ExpressionAttributeNames: { "#workers": "workers" },
            ExpressionAttributeValues: { ":many": many },
          }),
        );
        await pulses().put(analyzerPulse({ worker: "last:1" }));
        const listed = Object.keys((await raw("pulse#analyzer"))?.workers);
        expect(listed).toHaveLength(MOST_WORKERS);
        expect(listed).toContain("last:1");
      });

      it("of a selector that waits do not hide those of the one at work, until that one is silent", async () => {
        const [working, waiting] = [pulses(), pulses()];
        await working.put(selectorPulse({ worker: "working:1" }));
        const idle = selectorPulse({ worker: "waiting:1", lastRun: null, lastWorkAt: null });
        await waiting.put(idle);
        expect(await waiting.all()).toMatchObject([{ worker: "working:1" }]);
        clock.advance(181_000);
        await waiting.put({ ...idle, writtenAt: clock.nowMs() });
        expect(await waiting.all()).toMatchObject([{ worker: "waiting:1", lastRun: null }]);
        const worked = clock.nowMs();
        await working.put(selectorPulse({ worker: "working:1", writtenAt: worked, lastWorkAt: worked }));
        expect(await waiting.all()).toMatchObject([{ worker: "working:1" }]);
      });

      it("of other versions are skipped and reported, and the others are read", async () => {
        await pulses().put(selectorPulse());
        await pulses().put(finderPulse());
        const ttl = clock.nowMs() / 1_000 + 100;
        for (const item of [
          { scan_id: "pulse#scanner", service: "scanner", ttl },
          { scan_id: "pulse#analyzer", service: "analyzer", workers: "none", ttl },
        ]) {
          await client.send(new PutCommand({ TableName: tableName, Item: item }));
        }
        expect((await pulses().all()).map(({ service }) => service)).toEqual(["selector", "finder"]);
        expect(log.text()).toContain("pulse#scanner");
        expect(log.text()).toContain('"service":"analyzer"');
      });
    });
  });
}
