import { BatchGetCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { backoffDelays } from "#libs/runtime/retry.ts";
import { realSleep } from "#libs/runtime/sleep.ts";
import { StoreError } from "../../store-error.ts";
import type { RawItem } from "./reading.ts";
import { send } from "./sending.ts";

/** The limit of BatchGetItem. */
const MOST_KEYS = 100;
/** The SDK does not retry keys that are unprocessed because of the reply's size or the table's capacity. */
const UNPROCESSED_DELAYS_MS = backoffDelays({ firstMs: 50, factor: 2, capMs: 1_000, retries: 6 });

/**
 * The items of the keys, in any order, reply by reply; missing items are left out. Eventually consistent.
 */
export async function* batchGet(
  client: DynamoDBDocumentClient,
  doing: string,
  tableName: string,
  keys: readonly RawItem[],
): AsyncGenerator<readonly RawItem[]> {
  for (let from = 0; from < keys.length; from += MOST_KEYS) {
    yield* replies(client, doing, tableName, keys.slice(from, from + MOST_KEYS));
  }
}

async function* replies(
  client: DynamoDBDocumentClient,
  doing: string,
  tableName: string,
  keys: readonly RawItem[],
): AsyncGenerator<readonly RawItem[]> {
  let left = [...keys];
  let tries = 0;
  for (;;) {
    const command = new BatchGetCommand({ RequestItems: { [tableName]: { Keys: left } } });
    const { Responses, UnprocessedKeys } = await send(doing, () => client.send(command));
    const got = Responses?.[tableName] ?? [];
    yield got;
    left = [...(UnprocessedKeys?.[tableName]?.Keys ?? [])];
    if (left.length === 0) return;
    // A reply holds 16 MB, so unprocessed keys of many large items are normal.
    if (got.length > 0) tries = 0;
    const waitMs = UNPROCESSED_DELAYS_MS[tries];
    if (waitMs === undefined)
      throw new StoreError(`${doing} failed: ${left.length} keys are still unprocessed`);
    tries += 1;
    await realSleep(waitMs);
  }
}
