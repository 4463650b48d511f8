import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RESULTS_TABLE, TABLES } from "#libs/contracts/tables.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import { StoreError } from "#libs/store/store-error.ts";
import {
  clientOf,
  secondDynamoDb,
  startEmbedded,
  type TestDynamoDb,
} from "#test/support/database/dynamodb.ts";
import { startFaultyDynamoDb } from "#test/support/database/faulty-dynamodb.ts";

const second = secondDynamoDb();
const implementations = [
  {
    name: "the embedded DynamoDB",
    start: startEmbedded,
    missing: ["streams", "time to live", "point-in-time recovery"],
  },
  ...(second === null
    ? []
    : [{ name: "DynamoDB Local", start: second, missing: ["point-in-time recovery"] }]),
];

describe.each(implementations)("tables on $name", ({ start, missing }) => {
  let database: TestDynamoDb;
  let client: DynamoDBDocumentClient;

  beforeAll(async () => {
    database = await start();
    client = clientOf(database.endpoint);
  });
  afterAll(async () => {
    client.destroy();
    await database.close();
  });

  it("are created as defined, and are left alone the second time", async () => {
    const first = await createTables(client);
    expect(first.map(({ name, outcome }) => [name, outcome])).toEqual(
      TABLES.map(({ name }) => [name, "created"]),
    );
    for (const report of first) {
      expect(report.differences).toEqual([]);
      for (const feature of report.missing) expect(missing).toContain(feature);
    }

    const again = await createTables(client);
    expect(again).toEqual(first.map((report) => ({ ...report, outcome: "exists" })));
    const { Table } = await client.send(new DescribeTableCommand({ TableName: RESULTS_TABLE.name }));
    expect(Table).toMatchObject({
      TableStatus: "ACTIVE",
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
      KeySchema: [
        { AttributeName: "symbol", KeyType: "HASH" },
        { AttributeName: "scan_timestamp", KeyType: "RANGE" },
      ],
    });
    expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort()).toEqual(
      Object.keys(RESULTS_TABLE.indexes).sort(),
    );
  });

  it("have streams and time to live where the endpoint knows them", async () => {
    const [report] = await createTables(client, [{ ...RESULTS_TABLE, name: "with-features" }]);
    const { Table } = await client.send(new DescribeTableCommand({ TableName: "with-features" }));
    const { TimeToLiveDescription } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: "with-features" }),
    );
    expect(Table?.StreamSpecification?.StreamViewType).toBe(
      report?.missing.includes("streams") ? undefined : "NEW_AND_OLD_IMAGES",
    );
    expect(TimeToLiveDescription?.AttributeName).toBe(
      report?.missing.includes("time to live") ? undefined : "ttl",
    );
  });

  it("that exist otherwise are named with what differs", async () => {
    const name = "of-another-kind";
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "symbol", KeyType: "HASH" },
          { AttributeName: "scan_timestamp", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "symbol", AttributeType: "S" },
          { AttributeName: "scan_timestamp", AttributeType: "S" },
          { AttributeName: "status", AttributeType: "S" },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: "StatusIndex",
            KeySchema: [{ AttributeName: "status", KeyType: "HASH" }],
            Projection: { ProjectionType: "KEYS_ONLY" },
          },
        ],
      }),
    );
    const [report] = await createTables(client, [{ ...RESULTS_TABLE, name }]);
    expect(report?.outcome).toBe("exists");
    expect(report?.differences).toEqual(
      expect.arrayContaining([
        "key is symbol S, scan_timestamp S, expected symbol S, scan_timestamp N",
        "index ScanIdIndex is missing",
        "key of index StatusIndex is status S, expected status S, scan_timestamp N",
        "projection of index StatusIndex is KEYS_ONLY, expected ALL",
      ]),
    );
  });

  it("fail with a StoreError when an operation is refused, and not merely unknown", async () => {
    const proxy = await startFaultyDynamoDb(database.endpoint);
    proxy.decide = (operation) =>
      operation === "DescribeTimeToLive"
        ? { kind: "error", status: 400, type: "AccessDeniedException", message: "not allowed" }
        : { kind: "pass" };
    const refused = clientOf(proxy.endpoint);
    await expect(createTables(refused, [{ ...RESULTS_TABLE, name: "refused" }])).rejects.toThrow(StoreError);
    refused.destroy();
    await proxy.close();
  });
});
