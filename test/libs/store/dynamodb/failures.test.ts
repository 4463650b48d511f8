import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { inspect } from "node:util";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { pause } from "#libs/runtime/pause.ts";
import { makeLeaseStore } from "#libs/store/dynamodb/lease-store.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { StoreError } from "#libs/store/store-error.ts";
import {
  clientOf,
  freshTables,
  startEmbedded,
  TEST_REGION,
  type TestDynamoDb,
  type TestTables,
} from "#test/support/database/dynamodb.ts";
import { type FaultyDynamoDb, startFaultyDynamoDb } from "#test/support/database/faulty-dynamodb.ts";
import { position } from "#test/support/factories/positions.ts";
import { identity, outcome, SCAN_TIME } from "#test/support/factories/results.ts";

const logger = pino({ level: "silent" });
const clock = { nowMs: () => SCAN_TIME * 1_000 + 1 };

describe("stores when the database fails", () => {
  let database: TestDynamoDb;
  let proxy: FaultyDynamoDb;
  let client: DynamoDBDocumentClient;
  let tables: TestTables;

  beforeAll(async () => {
    database = await startEmbedded();
    proxy = await startFaultyDynamoDb(database.endpoint);
    client = clientOf(proxy.endpoint, { maxAttempts: 3, requestTimeoutMs: 400 });
    const direct = clientOf(database.endpoint);
    tables = await freshTables(direct);
    direct.destroy();
  });
  afterAll(async () => {
    client.destroy();
    await proxy.close();
    await database.close();
  });
  beforeEach(() => {
    proxy.seen.length = 0;
    proxy.decide = () => ({ kind: "pass" });
  });

  const results = () => makeResultsStore(client, { tableName: tables.results.name, clock, logger });
  const scans = () => makeScanStore(client, { tableName: tables.scans.name, clock });
  const error = (type: string, status = 400, message = "no") =>
    ({ kind: "error", status, type, message }) as const;

  it.each(["lose answer", "hang", "stall"] as const)(
    "records once when the network does '%s' after the write",
    async (kind) => {
      const who = identity({ symbol: `${kind.slice(0, 4).toUpperCase()}USDT` });
      const record = () => results().record(who, outcome("5m"), TIMEFRAMES, "analyzer-1");
      proxy.decide = (_operation, before) => ({ kind: before === 0 ? kind : "pass" });
      await record();
      const stored = await results().get(who.symbol, SCAN_TIME);
      expect(stored).toMatchObject({ version: 1, optimalTimeframe: "5m", status: "active" });

      await record();
      expect(await results().get(who.symbol, SCAN_TIME)).toEqual(stored);
    },
  );

  it("counts a task once when each first answer is lost", async () => {
    await scans().acquire({ scanId: "lossy", scanTimestamp: SCAN_TIME, scannerId: "a", leaseMs: 1_000 });
    const coins = ["AUSDT", "BUSDT"];
    const figures = { volatility24h: 1, turnover: 2, price: 3, priceChange24h: 4, rank: 1, taken: true };
    const universe = coins.map((symbol) => ({ symbol, ...figures }));
    await scans().recordUniverse("lossy", universe, coins, ["1m"]);
    proxy.seen.length = 0;
    proxy.decide = (_operation, before) => ({ kind: before % 2 === 0 ? "lose answer" : "pass" });
    await scans().recordTaskEnd("lossy", "AUSDT", "1m", "completed");
    await scans().recordTaskEnd("lossy", "BUSDT", "1m", "failed");

    proxy.decide = () => ({ kind: "pass" });
    expect(await scans().get("lossy")).toMatchObject({
      status: "completed",
      completedTasks: 1,
      failedTasks: 1,
      pendingTasks: 0,
    });
  });

  it("gives a scan and a lease to the one whose first answer was lost", async () => {
    proxy.decide = (_operation, before) => ({ kind: before === 0 ? "lose answer" : "pass" });
    const lease = { scanId: "lost", scanTimestamp: SCAN_TIME, scannerId: "a", leaseMs: 1_000 };
    expect(await scans().acquire(lease)).toEqual({ kind: "acquired", scanTimestamp: SCAN_TIME });

    proxy.seen.length = 0;
    const terms = { lifeSeconds: 60, holdSeconds: 15 };
    const leases = makeLeaseStore(client, { tableName: tables.scans.name, clock });
    expect(await leases.take("minute", "a", terms)).toBe("taken");
    expect(await leases.take("minute", "a", terms)).toBe("held");
  });

  it("goes on when throttling passes within the attempts", async () => {
    proxy.decide = (_operation, before) =>
      before < 2 ? error("ProvisionedThroughputExceededException") : { kind: "pass" };
    expect(await results().get("NONEUSDT", SCAN_TIME)).toBeNull();
    expect(proxy.seen).toHaveLength(3);
  });

  it.each([
    ["ThrottlingException", 400],
    ["RequestLimitExceeded", 400],
    ["InternalServerError", 500],
    ["ResourceNotFoundException", 400],
    ["AccessDeniedException", 400],
  ])("turns %s into a StoreError that says what was tried", async (type, status) => {
    proxy.decide = () => error(type, status);
    const once = clientOf(proxy.endpoint, { maxAttempts: 1 });
    const results = makeResultsStore(once, { tableName: tables.results.name, clock, logger });
    const positions = makePositionsStore(once, { tableName: tables.positions.name, clock, logger });
    const scans = makeScanStore(once, { tableName: tables.scans.name, clock });
    const leases = makeLeaseStore(once, { tableName: tables.scans.name, clock });
    const lease = { scanId: "scan", scanTimestamp: SCAN_TIME, scannerId: "a", leaseMs: 1_000 };
    for (const attempt of [
      () => results.record(identity(), outcome("1m"), TIMEFRAMES, "analyzer-1"),
      () => results.active(),
      () => results.get("BTCUSDT", SCAN_TIME),
      () => positions.put(position()),
      () => positions.active(),
      () => scans.acquire(lease),
      () => scans.recordTaskEnd("scan", "AUSDT", "1m", "completed"),
      () => scans.get("scan"),
      () => leases.take("minute", "a", { lifeSeconds: 60, holdSeconds: 15 }),
    ]) {
      const failure = await attempt().then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure).toMatchObject({ cause: { name: type } });
    }
    once.destroy();
  });

  it("fails with a StoreError when nobody listens", async () => {
    const nowhere = clientOf("http://127.0.0.1:1", { maxAttempts: 1 });
    const store = makeScanStore(nowhere, { tableName: "none", clock });
    await expect(store.get("scan")).rejects.toThrow(StoreError);
    nowhere.destroy();
  });

  it("never shows credentials, whatever the service quotes in its message", async () => {
    const [accessKeyId, secretAccessKey] = ["AKIAVISIBLEIFLEAKED", "secretVisibleIfLeaked"];
    const leaky = makeDynamoClient({
      region: TEST_REGION,
      endpoint: proxy.endpoint,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    });
    const store = makeScanStore(leaky, { tableName: tables.scans.name, clock });
    for (const type of ["InvalidSignatureException", "IncompleteSignatureException", "InternalServerError"]) {
      proxy.decide = () => error(type, 400, `Authorization=AWS4-HMAC-SHA256 Credential=${accessKeyId}/x`);
      const failure = await store.get("scan").then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(failure).toBeInstanceOf(StoreError);
      expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(/AKIA|VisibleIfLeaked|AWS4/);
    }
    leaky.destroy();
  });
});

describe("the client", () => {
  async function answering(
    answer: (response: ServerResponse) => void,
  ): Promise<{ readonly server: Server; readonly client: DynamoDBDocumentClient }> {
    const server = createServer((request, response) => {
      request.resume().once("end", () => answer(response));
    });
    server.keepAliveTimeout = 60_000;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const client = clientOf(`http://127.0.0.1:${port}`);
    onTestFinished(() => client.destroy());
    return { server, client };
  }
  const write = new PutCommand({
    TableName: "t",
    Item: { id: "1" },
    ConditionExpression: "attribute_not_exists(id)",
  });

  it("does not repeat a write whose condition failed, though the clocks are ten minutes apart", async () => {
    let requests = 0;
    const { client } = await answering((response) => {
      requests += 1;
      const date = new Date(Date.now() - 600_000 - requests * 1_000).toUTCString();
      response
        .writeHead(400, { "content-type": "application/x-amz-json-1.0", date })
        .end('{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}');
    });
    await expect(client.send(write)).rejects.toThrow(ConditionalCheckFailedException);
    expect(requests).toBe(1);
  });

  it("closes a connection that is idle before a server would, for a request may be on its way just then", async () => {
    const { server, client } = await answering((response) => response.end("{}"));
    const sockets: Socket[] = [];
    server.on("connection", (socket: Socket) => sockets.push(socket));
    await client.send(write);
    await pause(1_000);
    await client.send(write);
    expect(sockets).toHaveLength(1);
    const [socket] = sockets as [Socket];
    await once(socket, "close", { signal: AbortSignal.timeout(15_000) });
  }, 20_000);
});
