import type { CreateTableCommandInput, KeySchemaElement, TableDescription } from "@aws-sdk/client-dynamodb";
import type { TableDefinition, TableKey } from "#libs/contracts/tables.ts";

const STREAM = "NEW_AND_OLD_IMAGES";

function keySchema({ partition, sort }: TableKey): KeySchemaElement[] {
  return [
    { AttributeName: partition.name, KeyType: "HASH" },
    ...(sort === undefined ? [] : [{ AttributeName: sort.name, KeyType: "RANGE" } as const]),
  ];
}

function keyAttributes(definition: TableDefinition): Map<string, "S" | "N"> {
  const keys = [definition.key, ...Object.values(definition.indexes)];
  return new Map(
    keys
      .flatMap(({ partition, sort }) => (sort === undefined ? [partition] : [partition, sort]))
      .map(({ name, type }) => [name, type]),
  );
}

/** The input of CreateTable: on demand, all attributes in the indexes, streams on. */
export function tableInput(definition: TableDefinition): CreateTableCommandInput {
  const indexes = Object.entries(definition.indexes);
  return {
    TableName: definition.name,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: keySchema(definition.key),
    AttributeDefinitions: [...keyAttributes(definition)].map(([name, type]) => ({
      AttributeName: name,
      AttributeType: type,
    })),
    ...(indexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: indexes.map(([name, key]) => ({
            IndexName: name,
            KeySchema: keySchema(key),
            Projection: { ProjectionType: "ALL" },
          })),
        }),
    StreamSpecification: { StreamEnabled: true, StreamViewType: STREAM },
  };
}

function shownKey(
  schema: readonly KeySchemaElement[] | undefined,
  types: ReadonlyMap<string, string>,
): string {
  const parts = (schema ?? []).map(({ AttributeName: name = "?" }) => `${name} ${types.get(name) ?? "?"}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** The differences of an existing table from its definition, with both values; empty if the stores can use it. */
export function tableDifferences(definition: TableDefinition, actual: TableDescription): string[] {
  const wanted = tableInput(definition);
  const wantedTypes = keyAttributes(definition);
  const actualTypes = new Map(
    (actual.AttributeDefinitions ?? []).map((it) => [it.AttributeName ?? "?", it.AttributeType ?? "?"]),
  );
  const differences: string[] = [];
  const compare = (what: string, want: string, have: string) => {
    if (want !== have) differences.push(`${what} is ${have}, expected ${want}`);
  };
  compare("key", shownKey(wanted.KeySchema, wantedTypes), shownKey(actual.KeySchema, actualTypes));
  for (const index of wanted.GlobalSecondaryIndexes ?? []) {
    const found = actual.GlobalSecondaryIndexes?.find((it) => it.IndexName === index.IndexName);
    if (found === undefined) {
      differences.push(`index ${index.IndexName} is missing`);
      continue;
    }
    compare(
      `key of index ${index.IndexName}`,
      shownKey(index.KeySchema, wantedTypes),
      shownKey(found.KeySchema, actualTypes),
    );
    compare(`projection of index ${index.IndexName}`, "ALL", found.Projection?.ProjectionType ?? "none");
  }
  return differences;
}

/** Whether the table's changes are streamed as defined. */
export function hasStream(actual: TableDescription): boolean {
  return (
    actual.StreamSpecification?.StreamEnabled === true && actual.StreamSpecification.StreamViewType === STREAM
  );
}

export function isActive(actual: TableDescription): boolean {
  return (
    actual.TableStatus === "ACTIVE" &&
    (actual.GlobalSecondaryIndexes ?? []).every((index) => index.IndexStatus === "ACTIVE")
  );
}
