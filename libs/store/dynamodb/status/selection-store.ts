import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import {
  SELECTION_ID,
  SELECTION_LIFE_SECONDS,
  selectionContentSchema,
  selectionItemSchema,
} from "#libs/contracts/selection-item.ts";
import { fromWire, toWire } from "#libs/contracts/wire.ts";
import type { SelectionStore } from "../../selection-store.ts";
import { anyOf, attributeNames } from "../requests/expression.ts";
import { isAlive, nowSeconds, type StoreDependencies } from "../requests/reading.ts";
import { send, sendIf } from "../requests/sending.ts";
import { contentHash } from "./content-hash.ts";

/** A selection that stays the same is written again when this much of its life is over, or TTL would remove it. */
const RENEWED_AFTER_SECONDS = SELECTION_LIFE_SECONDS / 7;

/**
 * The newest selection, one item of up to some 100 KB. Most minutes change nothing: they cost a read, for a write that
 * a condition refuses is charged like one that is made.
 */
export function makeSelectionStore(
  client: DynamoDBDocumentClient,
  { tableName, clock }: Pick<StoreDependencies, "tableName" | "clock">,
): SelectionStore {
  const key = { scan_id: SELECTION_ID };

  return {
    async record({ content, minute, selectorId }) {
      const body = toWire(selectionContentSchema, content, "selection item");
      const hash = contentHash(body);
      const seconds = nowSeconds(clock);
      const ttl = seconds + SELECTION_LIFE_SECONDS;
      const { Item: stored } = await send("reading the stored selection", () =>
        client.send(
          new GetCommand({
            TableName: tableName,
            Key: key,
            ProjectionExpression: "#content_hash, #ttl",
            ExpressionAttributeNames: attributeNames("content_hash", "ttl"),
            ConsistentRead: true,
          }),
        ),
      );
      const isFresh = typeof stored?.ttl === "number" && ttl - stored.ttl < RENEWED_AFTER_SECONDS;
      if (isFresh && stored.content_hash === hash) return { kind: "unchanged" };

      const item = toWire(
        selectionItemSchema,
        { ...content, minute, selectorId, contentHash: hash, updatedAt: clock.nowMs(), ttl },
        "selection item",
      );
      const written = await sendIf("storing the selection", () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...key, ...item },
            // Two selectors are at work when the first was slow and lost its minute. An expired item may be of a
            // clock that ran ahead.
            ConditionExpression: anyOf("attribute_not_exists(#minute)", "#minute <= :minute", "#ttl <= :now"),
            ExpressionAttributeNames: attributeNames("minute", "ttl"),
            ExpressionAttributeValues: { ":minute": minute, ":now": seconds },
          }),
        ),
      );
      return { kind: written.kind === "done" ? "stored" : "overtaken" };
    },

    async latest() {
      const { Item } = await send("reading the selection", () =>
        client.send(new GetCommand({ TableName: tableName, Key: key })),
      );
      if (Item === undefined || !isAlive(Item, nowSeconds(clock))) return null;
      return fromWire(selectionItemSchema, Item, "selection item");
    },
  };
}
