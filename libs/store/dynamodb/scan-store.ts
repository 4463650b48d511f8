import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import {
  SCAN_LIFE_SECONDS,
  type ScanItem,
  scanItemSchema,
  type UniverseEntry,
  universeId,
  universeItemSchema,
} from "#libs/contracts/scan-item.ts";
import { fromWire, toWire } from "#libs/contracts/wire.ts";
import type { ScanStore } from "../scan-store.ts";
import { StoreError } from "../store-error.ts";
import { attributeNames } from "./requests/expression.ts";
import { isAlive, nowSeconds, type RawItem, type StoreDependencies } from "./requests/reading.ts";
import { send, sendIf } from "./requests/sending.ts";
import { taskEndWrites } from "./task-end-writes.ts";
import { twoDecimals, twoDecimalsOrNull } from "./two-decimals.ts";

function roundedEntry(entry: UniverseEntry): UniverseEntry {
  return {
    ...entry,
    volatility24h: twoDecimalsOrNull(entry.volatility24h),
    turnover: twoDecimals(entry.turnover),
    priceChange24h: twoDecimals(entry.priceChange24h),
  };
}

/** The scan-history table: one small item per scan, updated at each task's end, and a separate item of its universe. */
export function makeScanStore(
  client: DynamoDBDocumentClient,
  { tableName, clock }: Pick<StoreDependencies, "tableName" | "clock">,
): ScanStore {
  async function read(id: string): Promise<RawItem | null> {
    const { Item } = await send(`reading scan ${id}`, () =>
      client.send(new GetCommand({ TableName: tableName, Key: { scan_id: id }, ConsistentRead: true })),
    );
    return Item === undefined || !isAlive(Item, nowSeconds(clock)) ? null : Item;
  }

  async function get(scanId: string): Promise<ScanItem | null> {
    const item = await read(scanId);
    return item === null ? null : fromWire(scanItemSchema, item, `scan item ${scanId}`);
  }

  async function universeOf(scanId: string): Promise<readonly UniverseEntry[] | null> {
    const item = await read(universeId(scanId));
    return item === null ? null : fromWire(universeItemSchema, item, `universe of ${scanId}`).universe;
  }

  function update(doing: string, scanId: string, input: Omit<UpdateCommandInput, "TableName" | "Key">) {
    return sendIf(doing, () =>
      client.send(new UpdateCommand({ TableName: tableName, Key: { scan_id: scanId }, ...input })),
    );
  }

  return {
    async acquire({ scanId, scanTimestamp, scannerId, leaseMs }) {
      const nowMs = clock.nowMs();
      const doing = `acquiring scan ${scanId}`;
      const item: ScanItem = {
        scanId,
        scanTimestamp,
        status: "started",
        scannerId,
        leaseUntil: nowMs + leaseMs,
        universeCount: 0,
        selectedCount: 0,
        selected: [],
        timeframes: [],
        totalTasks: 0,
        completedTasks: 0,
        noTradesTasks: 0,
        failedTasks: 0,
        pendingTasks: 0,
        startedAt: nowMs,
        ttl: scanTimestamp + SCAN_LIFE_SECONDS,
      };
      const created = await sendIf(doing, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: toWire(scanItemSchema, item, "scan item"),
            ConditionExpression: "attribute_not_exists(#scan_id)",
            ExpressionAttributeNames: attributeNames("scan_id"),
          }),
        ),
      );
      if (created.kind === "done") return { kind: "acquired", scanTimestamp };

      // Only a scan whose tasks are not all published can be taken over. A scanner may find its own lease, if the
      // response to its put was lost and the SDK sent it again.
      const taken = await update(doing, scanId, {
        UpdateExpression: "SET #scanner_id = :scanner, #lease_until = :until",
        ConditionExpression: "#status = :started AND (#lease_until <= :now OR #scanner_id = :scanner)",
        ExpressionAttributeNames: attributeNames("scanner_id", "lease_until", "status"),
        ExpressionAttributeValues: {
          ":scanner": scannerId,
          ":until": nowMs + leaseMs,
          ":started": "started" satisfies ScanItem["status"],
          ":now": nowMs,
        },
        ReturnValues: "ALL_OLD",
      });
      if (taken.kind === "done") {
        const before = fromWire(scanItemSchema, taken.output.Attributes, `scan item ${scanId}`);
        if (before.scannerId === scannerId && before.selected.length === 0) {
          return { kind: "acquired", scanTimestamp: before.scanTimestamp };
        }
        return { kind: "resumed", scanTimestamp: before.scanTimestamp, selected: before.selected };
      }
      const held = await get(scanId);
      if (held === null) throw new StoreError(`scan ${scanId} has expired and cannot be repeated`);
      return { kind: "held", by: held.scannerId, status: held.status };
    },

    async recordUniverse(scanId, universe, selected, timeframes) {
      const doing = `recording the universe of scan ${scanId}`;
      const scan = await get(scanId);
      if (scan === null) throw new StoreError(`${doing} failed: the scan does not exist`);
      // A recorded universe stays: its tasks may be published.
      if (scan.totalTasks > 0 || scan.status !== "started") return (await universeOf(scanId)) ?? universe;

      // The universe is written first, so that a scan with coins always has its universe. It is written once, because
      // two scanners run here if the first is slow and loses its lease, and both must use the same coins.
      const put = await sendIf(doing, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: toWire(
              universeItemSchema,
              {
                scanId: universeId(scanId),
                scanTimestamp: scan.scanTimestamp,
                universe: universe.map(roundedEntry),
                ttl: scan.ttl,
              },
              "universe item",
            ),
            ConditionExpression: "attribute_not_exists(#scan_id)",
            ExpressionAttributeNames: attributeNames("scan_id"),
          }),
        ),
      );
      const recorded = put.kind === "done" ? universe : ((await universeOf(scanId)) ?? universe);
      const coins =
        put.kind === "done" ? selected : recorded.filter(({ taken }) => taken).map(({ symbol }) => symbol);
      const totalTasks = coins.length * timeframes.length;
      await update(doing, scanId, {
        UpdateExpression:
          "SET #universe_count = :universe, #selected_count = :count, #selected = :selected, " +
          "#timeframes = :timeframes, #total_tasks = :total, #pending_tasks = :total",
        ConditionExpression: "#status = :started AND #total_tasks = :none",
        ExpressionAttributeNames: attributeNames(
          "universe_count",
          "selected_count",
          "selected",
          "timeframes",
          "total_tasks",
          "pending_tasks",
          "status",
        ),
        ExpressionAttributeValues: {
          ":universe": recorded.length,
          ":count": coins.length,
          ":selected": [...coins],
          ":timeframes": [...timeframes],
          ":total": totalTasks,
          ":started": "started" satisfies ScanItem["status"],
          ":none": 0,
        },
      });
      return recorded;
    },

    async markPublished(scanId) {
      const doing = `marking scan ${scanId} as published`;
      const nowMs = clock.nowMs();
      const published = await update(doing, scanId, {
        UpdateExpression: "SET #status = :published, #published_at = :now",
        ConditionExpression: "#status = :started AND #pending_tasks > :none",
        ExpressionAttributeNames: attributeNames("status", "published_at", "pending_tasks"),
        ExpressionAttributeValues: {
          ":published": "published" satisfies ScanItem["status"],
          ":started": "started" satisfies ScanItem["status"],
          ":now": nowMs,
          ":none": 0,
        },
      });
      if (published.kind === "done") return;
      // No coin passed the filters: there is no task whose end could complete the scan.
      const empty = await update(doing, scanId, {
        UpdateExpression:
          "SET #status = :completed, #published_at = :now, #completed_at = :now, " +
          "#duration = :now - #started_at",
        ConditionExpression: "#status = :started AND #total_tasks = :none",
        ExpressionAttributeNames: attributeNames(
          "status",
          "published_at",
          "completed_at",
          "duration",
          "started_at",
          "total_tasks",
        ),
        ExpressionAttributeValues: {
          ":completed": "completed" satisfies ScanItem["status"],
          ":started": "started" satisfies ScanItem["status"],
          ":now": nowMs,
          ":none": 0,
        },
      });
      if (empty.kind === "done") return;
      // The analyzers were faster than the scanner: the scan stays completed.
      await update(doing, scanId, {
        UpdateExpression: "SET #published_at = :now",
        ConditionExpression: "#status = :completed AND attribute_not_exists(#published_at)",
        ExpressionAttributeNames: attributeNames("published_at", "status"),
        ExpressionAttributeValues: {
          ":now": nowMs,
          ":completed": "completed" satisfies ScanItem["status"],
        },
      });
    },

    async recordTaskEnd(scanId, symbol, timeframe, end) {
      const doing = `counting ${symbol} ${timeframe} of scan ${scanId}`;
      for (const write of taskEndWrites({ symbol, timeframe, end, nowMs: clock.nowMs() })) {
        const written = await update(doing, scanId, write);
        if (written.kind === "done") return;
      }
    },

    get,

    universe: universeOf,
  };
}
