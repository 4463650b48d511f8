import { BatchGetCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { backoffDelays } from "#libs/runtime/retry.ts";
import { realSleep } from "#libs/runtime/sleep.ts";
import { StoreError } from "../../store-error.ts";
import type { RawItem } from "./reading.ts";
import { send } from "./sending.ts";

/** BatchGetItem takes no more at once. */
const MOST_KEYS = 100;
/** The SDK does not repeat what was left over because of its size or the table's capacity. */
const LEFT_OVER_DELAYS_MS = backoffDelays({ firstMs: 50, factor: 2, capMs: 1_000, retries: 6 });

/**
 * The items of the keys, in any order, as the replies bring them; those that are not there are left out. Eventually
 * consistent.
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
    // A reply holds 16 MB: what is left over of many large items is no sign of trouble.
    if (got.length > 0) tries = 0;
    const waitMs = LEFT_OVER_DELAYS_MS[tries];
    if (waitMs === undefined) throw new StoreError(`${doing} failed: ${left.length} items are not given`);
    tries += 1;
    await realSleep(waitMs);
  }
}
