import { connect } from "node:net";
import { type DynamoDBDocumentClient, PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { POSITIONS_TABLE, SCAN_HISTORY_TABLE, type TableDefinition } from "#libs/contracts/tables.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from "#libs/store/embedded/embedded-dynamodb.ts";
import { StoreError } from "#libs/store/store-error.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";
import { eventually } from "#test/support/eventually.ts";

const NOW = 1_750_000_000;
const clock = { nowMs: () => NOW * 1_000 };

describe("the embedded DynamoDB", () => {
  let database: EmbeddedDynamoDb;
  let client: DynamoDBDocumentClient;

  beforeEach(async () => {
    database = await startEmbeddedDynamoDb({ clock, sweepEveryMs: 20 });
    client = clientOf(database.endpoint);
  });
  afterEach(async () => {
    client.destroy();
    await database.close();
  });

  const put = (TableName: string, key: object, ttl: number | undefined) =>
    client.send(new PutCommand({ TableName, Item: { ...key, ...(ttl === undefined ? {} : { ttl }) } }));
  const left = async (table: TableDefinition) => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table.name }));
    return Items.map((item) => item[table.key.partition.name]).sort();
  };

  it("listens on this machine only", () => {
    expect(database.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("says so when its port is taken", async () => {
    const port = Number(new URL(database.endpoint).port);
    await expect(startEmbeddedDynamoDb({ port })).rejects.toThrow(StoreError);
  });

  it("survives a client that gives its request up halfway", async () => {
    const { port } = new URL(database.endpoint);
    for (const sent of ["{", '{"TableName":"x"}']) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1", () => {
          const head =
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.0\r\n" +
            "X-Amz-Target: DynamoDB_20120810.DescribeTable\r\nContent-Length: 17\r\n\r\n";
          socket.write(head + sent, () => socket.resetAndDestroy());
        });
        socket.on("close", () => resolve());
        socket.on("error", () => {});
      });
    }
    await createTables(client);
    expect(await left(POSITIONS_TABLE)).toEqual([]);
  });

  it("removes what has expired by itself, and nothing else", async () => {
    await createTables(client);
    for (let i = 0; i < 60; i++) {
      await put(POSITIONS_TABLE.name, { symbol: `OLD${i}`, signal_timestamp: i }, NOW - 1);
    }
    await put(POSITIONS_TABLE.name, { symbol: "NOW", signal_timestamp: 1 }, NOW);
    await put(POSITIONS_TABLE.name, { symbol: "FOREVER", signal_timestamp: 1 }, undefined);
    await put(SCAN_HISTORY_TABLE.name, { scan_id: "old" }, NOW - 1);
    await eventually("the expired items are gone", async () => {
      const [positions, scans] = [await left(POSITIONS_TABLE), await left(SCAN_HISTORY_TABLE)];
      return positions.length + scans.length === 2;
    });
    expect(await left(POSITIONS_TABLE)).toEqual(["FOREVER", "NOW"]);
  });
});
