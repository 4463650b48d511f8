import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { TABLES, type TableDefinition } from "#libs/contracts/tables.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { realSleep } from "#libs/runtime/sleep.ts";
import { StoreError } from "../../store-error.ts";
import { send } from "../requests/sending.ts";
import { hasStream, isActive, tableDifferences, tableInput } from "./table-input.ts";

export interface TableReport {
  readonly name: string;
  readonly outcome: "created" | "exists";
  /** How an existing table differs from its definition (key, indexes); it is not changed. */
  readonly differences: readonly string[];
  /**
   * What the table lacks because this endpoint does not support it (AWS supports all of them), or, for streams, because
   * it was created without. The stores need none of it.
   */
  readonly missing: readonly ("streams" | "time to live" | "point-in-time recovery")[];
}

const ACTIVE_WITHIN_MS = 120_000;
const POLL_MS = 200;

/**
 * Creates what is missing of the tables and waits until they can be used; run again, it changes nothing.
 * @throws StoreError when the endpoint refuses or a table does not become active in two minutes.
 */
export async function createTables(
  client: DynamoDBDocumentClient,
  tables: readonly TableDefinition[] = TABLES,
): Promise<readonly TableReport[]> {
  const reports: TableReport[] = [];
  for (const table of tables) reports.push(await createTable(client, table));
  return reports;
}

async function createTable(client: DynamoDBDocumentClient, table: TableDefinition): Promise<TableReport> {
  const outcome = await send(`creating table ${table.name}`, async () => {
    try {
      await client.send(new CreateTableCommand(tableInput(table)));
      return "created" as const;
    } catch (error) {
      if (error instanceof ResourceInUseException) return "exists" as const;
      throw error;
    }
  });
  const actual = await untilActive(client, table.name);
  const missing: TableReport["missing"][number][] = [];
  if (!hasStream(actual)) missing.push("streams");
  if (!(await supported(() => ensureTimeToLive(client, table), table.name))) missing.push("time to live");
  if (!(await supported(() => ensureRecovery(client, table.name), table.name))) {
    missing.push("point-in-time recovery");
  }
  return { name: table.name, outcome, differences: tableDifferences(table, actual), missing };
}

async function untilActive(client: DynamoDBDocumentClient, name: string): Promise<TableDescription> {
  const giveUpAt = monotonicMs() + ACTIVE_WITHIN_MS;
  for (;;) {
    const table = await send(`describing table ${name}`, async () => {
      try {
        return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
      } catch (error) {
        // Right after CreateTable, a node that does not know the table yet may respond.
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    });
    if (table !== undefined && isActive(table)) return table;
    if (monotonicMs() > giveUpAt) {
      throw new StoreError(`table ${name} is ${table?.TableStatus ?? "missing"} after two minutes`);
    }
    await realSleep(POLL_MS);
  }
}

/** False if the endpoint does not support the operation, as some embedded and local databases. */
async function supported(ensure: () => Promise<void>, name: string): Promise<boolean> {
  return send(`setting up table ${name}`, async () => {
    try {
      await ensure();
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "UnknownOperationException") return false;
      throw error;
    }
  });
}

async function ensureTimeToLive(client: DynamoDBDocumentClient, table: TableDefinition): Promise<void> {
  const { TimeToLiveDescription: now } = await client.send(
    new DescribeTimeToLiveCommand({ TableName: table.name }),
  );
  if (now?.TimeToLiveStatus === "ENABLED" || now?.TimeToLiveStatus === "ENABLING") return;
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: table.name,
      TimeToLiveSpecification: { AttributeName: table.ttlAttribute, Enabled: true },
    }),
  );
}

async function ensureRecovery(client: DynamoDBDocumentClient, name: string): Promise<void> {
  const giveUpAt = monotonicMs() + ACTIVE_WITHIN_MS;
  for (;;) {
    try {
      const { ContinuousBackupsDescription: now } = await client.send(
        new DescribeContinuousBackupsCommand({ TableName: name }),
      );
      if (now?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === "ENABLED") return;
      await client.send(
        new UpdateContinuousBackupsCommand({
          TableName: name,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      );
      return;
    } catch (error) {
      // AWS: the backups of a new table cannot be enabled at once.
      const notYet = error instanceof Error && error.name === "ContinuousBackupsUnavailableException";
      if (!notYet || monotonicMs() > giveUpAt) throw error;
      await realSleep(POLL_MS * 5);
    }
  }
}
