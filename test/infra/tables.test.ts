import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { TABLES, type TableKey } from "#libs/contracts/tables.ts";
import { makeTemplate, named } from "#test/infra/synthesized.ts";

const template = makeTemplate();

const keySchema = (key: TableKey) => [
  { AttributeName: key.partition.name, KeyType: "HASH" },
  ...(key.sort === undefined ? [] : [{ AttributeName: key.sort.name, KeyType: "RANGE" }]),
];

describe("tables", () => {
  it("are the three of the contract and no more", () => {
    template.resourceCountIs("AWS::DynamoDB::Table", TABLES.length);
  });

  it.each(TABLES.map((table) => [table.name, table] as const))(
    "%s has the contract's keys",
    (name, table) => {
      const { properties } = named(template, "AWS::DynamoDB::Table", "TableName", name);
      expect(properties.KeySchema).toEqual(keySchema(table.key));
      const keys = [table.key, ...Object.values(table.indexes)];
      const types = new Map(
        keys.flatMap((key) => [key.partition, ...(key.sort ? [key.sort] : [])]).map((k) => [k.name, k.type]),
      );
      const attributes = [...types].map(([AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType,
      }));
      expect(properties.AttributeDefinitions).toEqual(
        expect.arrayContaining(attributes.map((attribute) => expect.objectContaining(attribute))),
      );
      expect(properties.AttributeDefinitions).toHaveLength(attributes.length);
    },
  );

  it.each(TABLES.map((table) => [table.name, table] as const))(
    "%s has the contract's indexes",
    (name, table) => {
      const { properties } = named(template, "AWS::DynamoDB::Table", "TableName", name);
      const expected = Object.entries(table.indexes).map(([IndexName, key]) => ({
        IndexName,
        KeySchema: keySchema(key),
        Projection: { ProjectionType: "ALL" },
      }));
      expect(properties.GlobalSecondaryIndexes ?? []).toEqual(expected);
    },
  );

  it("expire items, stream, recover to a point in time, and bill by request", () => {
    for (const { name, ttlAttribute } of TABLES) {
      const { properties } = named(template, "AWS::DynamoDB::Table", "TableName", name);
      expect(properties).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        TimeToLiveSpecification: { AttributeName: ttlAttribute, Enabled: true },
        StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
  });

  it("stay when the stack is deleted", () => {
    template.allResources("AWS::DynamoDB::Table", {
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
    });
  });

  it("have no write limit of ours, or the one asked for", () => {
    template.allResourcesProperties("AWS::DynamoDB::Table", { OnDemandThroughput: Match.absent() });
    makeTemplate({ maxWriteUnits: "200" }).allResourcesProperties("AWS::DynamoDB::Table", {
      OnDemandThroughput: { MaxWriteRequestUnits: 200 },
    });
  });
});
