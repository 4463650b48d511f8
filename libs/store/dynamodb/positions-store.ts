import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { type PositionItem, positionItemSchema } from "#libs/contracts/position-item.ts";
import { toWire } from "#libs/contracts/wire.ts";
import type { PositionsStore, PutOutcome } from "../positions-store.ts";
import { StoreError } from "../store-error.ts";
import { attributeNames } from "./requests/expression.ts";
import { isAlive, nowSeconds, parseOrSkip, queryPages, type StoreDependencies } from "./requests/reading.ts";
import { send, sendIf } from "./requests/sending.ts";
import { twoDecimals, twoDecimalsOrNull } from "./two-decimals.ts";

const KEY = ["symbol", "signal_timestamp"] as const;
/** Live positions are few: one page of this size is usually enough. */
const PAGE_ITEMS = 100;

/** Money and percentages are rounded to two decimals; prices, ratios and indicators keep all digits. */
export function roundedPosition(position: PositionItem): PositionItem {
  return {
    ...position,
    confidence: twoDecimals(position.confidence),
    positionSize: twoDecimals(position.positionSize),
    expectedProfit: twoDecimals(position.expectedProfit),
    expectedLoss: twoDecimals(position.expectedLoss),
    bbWidth: twoDecimals(position.bbWidth),
    btcChange: twoDecimals(position.btcChange),
    coinChange: twoDecimals(position.coinChange),
    fibDistance: twoDecimalsOrNull(position.fibDistance),
    backtest: {
      ...position.backtest,
      winRate: twoDecimals(position.backtest.winRate),
      totalPnl: twoDecimals(position.backtest.totalPnl),
    },
  };
}

export function makePositionsStore(
  client: DynamoDBDocumentClient,
  { tableName, clock, logger, pageItems = PAGE_ITEMS }: StoreDependencies & { readonly pageItems?: number },
): PositionsStore {
  /**
   * Reads who holds the key. The holder's strategy and timeframe never change, so reading them after the refused put is
   * safe.
   */
  async function holderOf(position: PositionItem): Promise<PutOutcome> {
    const { Item } = await send(`reading the position of ${position.symbol}`, () =>
      client.send(
        new GetCommand({
          TableName: tableName,
          Key: { symbol: position.symbol, signal_timestamp: position.signalTimestamp },
          ConsistentRead: true,
        }),
      ),
    );
    if (Item === undefined) {
      throw new StoreError(`the position of ${position.symbol} was removed during the write: retry`);
    }
    const same = Item.strategy === position.strategy && Item.timeframe === position.timeframe;
    return same ? { kind: "repeated" } : { kind: "taken", by: `${Item.timeframe} ${Item.strategy}` };
  }

  async function active(limit = Number.POSITIVE_INFINITY): Promise<PositionItem[]> {
    const now = nowSeconds(clock);
    const items: PositionItem[] = [];
    if (limit <= 0) return items;
    const pages = queryPages(client, "reading active positions", {
      TableName: tableName,
      IndexName: "StatusIndex",
      KeyConditionExpression: "#status = :active",
      ExpressionAttributeNames: attributeNames("status"),
      ExpressionAttributeValues: { ":active": "active" satisfies PositionItem["status"] },
      ScanIndexForward: false,
      Limit: pageItems,
    });
    for await (const page of pages) {
      for (const raw of page) {
        if (!isAlive(raw, now)) continue;
        const item = parseOrSkip(positionItemSchema, raw, "position item", KEY, logger);
        if (item !== null && items.push(item) >= limit) return items;
      }
      // Newest first with equal lifetimes: after an expired item only expired items follow, possibly those of days.
      const oldest = page.at(-1);
      if (oldest !== undefined && typeof oldest.ttl === "number" && !isAlive(oldest, now)) break;
    }
    return items;
  }

  return {
    async put(position) {
      if (clock.nowMs() > position.ttl * 1_000) return { kind: "expired" };
      const item = toWire(positionItemSchema, roundedPosition(position), "position item");
      const written = await sendIf(`storing the position ${position.signalId}`, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: item,
            ConditionExpression: "attribute_not_exists(#symbol)",
            ExpressionAttributeNames: attributeNames("symbol"),
          }),
        ),
      );
      return written.kind === "done" ? { kind: "stored" } : holderOf(position);
    },

    active,

    // Not from ConfidenceIndex: it cannot exclude expired positions that TTL has not removed yet, possibly those of
    // days. StatusIndex has only a few live ones.
    async confident(minConfidence, limit = Number.POSITIVE_INFINITY) {
      const items = (await active()).filter((item) => item.confidence >= minConfidence);
      items.sort((a, b) => b.confidence - a.confidence || b.signalTimestamp - a.signalTimestamp);
      return items.slice(0, Math.max(0, limit));
    },
  };
}
