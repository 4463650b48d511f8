import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { RESULT_LIFE_SECONDS, type ResultsItem, resultsItemSchema } from "#libs/contracts/results-item.ts";
import { fromWire } from "#libs/contracts/wire.ts";
import type { ResultsStore } from "../results-store.ts";
import { COVERAGE_PATHS, notSuperseded } from "./not-superseded.ts";
import { batchGet } from "./requests/batch-get.ts";
import { attributeNames } from "./requests/expression.ts";
import {
  isAlive,
  nowSeconds,
  parseOrSkip,
  queryPages,
  type RawItem,
  type StoreDependencies,
} from "./requests/reading.ts";
import { send, sendIf } from "./requests/sending.ts";
import { resultWrites } from "./result-writes.ts";

const KEY = ["symbol", "scan_timestamp"] as const;

function keyOf({ symbol, scan_timestamp }: RawItem): string {
  return JSON.stringify([symbol, scan_timestamp]);
}

/** The results table. `result-writes.ts` explains how concurrent analyzers keep an item consistent. */
export function makeResultsStore(
  client: DynamoDBDocumentClient,
  { tableName, clock, logger }: StoreDependencies,
): ResultsStore {
  async function collect(
    doing: string,
    query: { index: string; keys: string; filters: string; values: Record<string, unknown> },
  ): Promise<ResultsItem[]> {
    const now = nowSeconds(clock);
    const expressions = `${query.keys} AND ${query.filters}`;
    const names = ["status", "scan_timestamp", "scan_id"].filter((name) => expressions.includes(`#${name}`));
    const items: ResultsItem[] = [];
    const pages = queryPages(client, doing, {
      TableName: tableName,
      IndexName: query.index,
      KeyConditionExpression: query.keys,
      FilterExpression: query.filters,
      ExpressionAttributeNames: attributeNames("ttl", ...names),
      ExpressionAttributeValues: { ...query.values, ":now": now },
      ScanIndexForward: false,
    });
    for await (const page of pages) {
      for (const raw of page) {
        const item = parseOrSkip(resultsItemSchema, raw, "results item", KEY, logger);
        if (item !== null) items.push(item);
      }
    }
    return items;
  }

  /** The items of a scan, by status. Scans older than a result's lifetime have expired and are not read. */
  function ofStatus(status: ResultsItem["status"], scanId: string): Promise<ResultsItem[]> {
    return collect(`reading ${status} results`, {
      index: "StatusIndex",
      keys: "#status = :status AND #scan_timestamp > :oldest",
      filters: "#ttl > :now AND #scan_id = :scan",
      values: {
        ":status": status,
        ":oldest": nowSeconds(clock) - RESULT_LIFE_SECONDS,
        ":scan": scanId,
      },
    });
  }

  /** All active items, newest scan first, projected to what `notSuperseded` needs. */
  async function outlines(): Promise<RawItem[]> {
    const seconds = nowSeconds(clock);
    const rows: RawItem[] = [];
    const pages = queryPages(client, "reading active results", {
      TableName: tableName,
      IndexName: "StatusIndex",
      KeyConditionExpression: "#status = :active AND #scan_timestamp > :oldest",
      FilterExpression: "#ttl > :now",
      ProjectionExpression: COVERAGE_PATHS.join(", "),
      ExpressionAttributeNames: attributeNames(
        "symbol",
        "scan_timestamp",
        "timeframes",
        "status",
        "ttl",
        ...TIMEFRAMES,
      ),
      ExpressionAttributeValues: {
        ":active": "active" satisfies ResultsItem["status"],
        ":oldest": seconds - RESULT_LIFE_SECONDS,
        ":now": seconds,
      },
      ScanIndexForward: false,
    });
    for await (const page of pages) rows.push(...page);
    return rows;
  }

  /** Whether the item can be read by its key: an invalid key would fail the whole batch. */
  function hasReadableKey({ symbol, scan_timestamp }: RawItem): boolean {
    // The SDK does not send larger numbers.
    const isMoment = typeof scan_timestamp === "number" && scan_timestamp <= Number.MAX_SAFE_INTEGER;
    if (isMoment && typeof symbol === "string") return true;
    const reason = isMoment
      ? "symbol: expected a string"
      : "scan_timestamp: expected a whole number of seconds";
    logger.warn({ key: { symbol, scan_timestamp }, reason }, "invalid item skipped");
    return false;
  }

  async function active(): Promise<ResultsItem[]> {
    const seconds = nowSeconds(clock);
    let rows = (await outlines()).filter(hasReadableKey);
    const found = new Map<string, ResultsItem | null>();
    for (;;) {
      // An invalid or deleted item supersedes nothing: an older one counts instead and is read too.
      rows = rows.filter((row) => found.get(keyOf(row)) !== null);
      const chosen = notSuperseded(rows);
      const missing = chosen.filter((row) => !found.has(keyOf(row)));
      if (missing.length === 0) return chosen.flatMap((row) => found.get(keyOf(row)) ?? []);
      const keys = missing.map(({ symbol, scan_timestamp }) => ({ symbol, scan_timestamp }));
      for (const row of missing) found.set(keyOf(row), null);
      for await (const reply of batchGet(client, "reading the newest results", tableName, keys)) {
        for (const raw of reply) {
          if (raw.status !== "active" || !isAlive(raw, seconds)) continue;
          found.set(keyOf(raw), parseOrSkip(resultsItemSchema, raw, "results item", KEY, logger));
        }
      }
    }
  }

  async function get(symbol: string, scanTimestamp: number): Promise<ResultsItem | null> {
    const { Item } = await send(`reading the result of ${symbol} at ${scanTimestamp}`, () =>
      client.send(
        new GetCommand({
          TableName: tableName,
          Key: { symbol, scan_timestamp: scanTimestamp },
          ConsistentRead: true,
        }),
      ),
    );
    if (Item === undefined || !isAlive(Item, nowSeconds(clock))) return null;
    return fromWire(resultsItemSchema, Item, `results item ${symbol} ${scanTimestamp}`);
  }

  return {
    async record(identity, outcome, timeframesOfScan, analyzerId) {
      const nowMs = clock.nowMs();
      if (nowMs > (identity.scanTimestamp + RESULT_LIFE_SECONDS) * 1_000) return { kind: "expired" };
      const doing = `recording ${identity.symbol} ${outcome.timeframe} of scan ${identity.scanId}`;
      for (const write of resultWrites({
        tableName,
        identity,
        outcome,
        timeframesOfScan,
        analyzerId,
        nowMs,
      })) {
        const written = await sendIf(doing, async () => {
          if (write instanceof PutCommand) await client.send(write);
          else await client.send(write);
        });
        if (written.kind === "done") return { kind: "recorded" };
      }
      // The stored entry may have another status than this result: the scan must count the stored one.
      const item = await get(identity.symbol, identity.scanTimestamp);
      const status = item?.timeframes[outcome.timeframe]?.status;
      return status === undefined ? { kind: "expired" } : { kind: "repeated", status };
    },

    get,

    active,

    async ofScan(scanId) {
      // ScanIdIndex holds only items with an optimum, because `optimal_pnl` is its sort key; the others are read by
      // status. An item gains an optimum and never loses it, so no item is missed when read in this order.
      const groups = [
        await ofStatus("pending", scanId),
        await ofStatus("inactive", scanId),
        await collect(`reading the results of scan ${scanId}`, {
          index: "ScanIdIndex",
          keys: "#scan_id = :scan",
          filters: "#ttl > :now",
          values: { ":scan": scanId },
        }),
      ];
      const bySymbol = new Map(groups.flat().map((item) => [item.symbol, item]));
      return [...bySymbol.values()].sort(
        (a, b) =>
          (b.optimalPnl ?? Number.NEGATIVE_INFINITY) - (a.optimalPnl ?? Number.NEGATIVE_INFINITY) ||
          (a.symbol < b.symbol ? -1 : 1),
      );
    },
  };
}
