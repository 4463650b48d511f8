import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import type { z } from "zod";
import { ContractError, fromWire } from "#libs/contracts/wire.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { send } from "./sending.ts";

/** The dependencies of every store. */
export interface StoreDependencies {
  readonly tableName: string;
  readonly clock: Clock;
  /** Logs invalid items. */
  readonly logger: Pick<Logger, "warn">;
}

export type RawItem = Record<string, unknown>;

/** The clock's second: an item with a larger `ttl` is alive, because `ttl` is an integer. */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.nowMs() / 1_000);
}

/** TTL may lag by days: an expired item may still exist. */
export function isAlive(item: RawItem, seconds: number): boolean {
  return typeof item.ttl === "number" && item.ttl > seconds;
}

/**
 * All pages of a query, in order; a page holds 1 MB at most, fewer items if `Limit` is set. If the caller stops
 * iterating, no further page is requested.
 */
export async function* queryPages(
  client: DynamoDBDocumentClient,
  doing: string,
  input: QueryCommandInput,
): AsyncGenerator<readonly RawItem[]> {
  let startKey: QueryCommandInput["ExclusiveStartKey"];
  do {
    const command = new QueryCommand({
      ...input,
      ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
    });
    const page = await send(doing, () => client.send(command));
    yield page.Items ?? [];
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
}

/** Null for an invalid item: one invalid item must not fail a query of hundreds. */
export function parseOrSkip<T>(
  schema: z.ZodType<T>,
  raw: RawItem,
  what: string,
  key: readonly string[],
  logger: Pick<Logger, "warn">,
): T | null {
  try {
    return fromWire(schema, raw, what);
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    logger.warn(
      { key: Object.fromEntries(key.map((name) => [name, raw[name]])), reason: error.message },
      "invalid item skipped",
    );
    return null;
  }
}
