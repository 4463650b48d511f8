import { ResourceNotFoundException } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, type DynamoDBDocumentClient, paginateScan } from "@aws-sdk/lib-dynamodb";
import { TABLES, type TableDefinition } from "#libs/contracts/tables.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { Logger } from "#libs/runtime/logging.ts";

/** The limit of BatchWriteItem. */
const BATCH = 25;

/**
 * Deletes the expired items of a table, as DynamoDB's TTL does; the embedded database has no TTL. An expired item is
 * never written again, so deleting what was read a moment before loses nothing.
 * @returns the number of deleted items.
 */
async function sweepExpired(
  client: DynamoDBDocumentClient,
  table: TableDefinition,
  clock: Clock,
): Promise<number> {
  const { partition, sort } = table.key;
  const keyNames = sort === undefined ? [partition.name] : [partition.name, sort.name];
  const names = Object.fromEntries(keyNames.map((name, i) => [`#key${i}`, name]));
  const pages = paginateScan(
    { client },
    {
      TableName: table.name,
      FilterExpression: "#ttl < :now",
      ProjectionExpression: Object.keys(names).join(", "),
      ExpressionAttributeNames: { ...names, "#ttl": table.ttlAttribute },
      ExpressionAttributeValues: { ":now": Math.floor(clock.nowMs() / 1_000) },
    },
  );
  let deleted = 0;
  for await (const page of pages) {
    const keys = page.Items ?? [];
    for (let i = 0; i < keys.length; i += BATCH) {
      const batch = keys.slice(i, i + BATCH);
      await client.send(
        new BatchWriteCommand({
          RequestItems: { [table.name]: batch.map((Key) => ({ DeleteRequest: { Key } })) },
        }),
      );
      deleted += batch.length;
    }
  }
  return deleted;
}

export interface TtlSweeper {
  /** Resolves when no sweep is running. */
  stop(): Promise<void>;
}

/** Sweeps the tables every minute, so that a local run of weeks does not grow. A failed sweep is not retried. */
export function startTtlSweeper(options: {
  readonly client: DynamoDBDocumentClient;
  readonly clock: Clock;
  readonly tables?: readonly TableDefinition[];
  readonly everyMs?: number | undefined;
  readonly logger?: Pick<Logger, "warn"> | undefined;
}): TtlSweeper {
  const { client, clock, tables = TABLES, logger } = options;
  let stopped = false;
  let running: Promise<void> | null = null;
  const sweep = async () => {
    for (const table of tables) {
      if (stopped) return;
      try {
        await sweepExpired(client, table, clock);
      } catch (error) {
        // Before the tables are created there is nothing to sweep.
        if (error instanceof ResourceNotFoundException) continue;
        logger?.warn({ table: table.name, err: error }, "could not remove expired items");
      }
    }
  };
  const timer = setInterval(() => {
    running ??= sweep().finally(() => {
      running = null;
    });
  }, options.everyMs ?? 60_000);
  timer.unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
