import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { HOUR_MS } from "#libs/candles/timeframe.ts";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import { scanIdOf } from "#libs/contracts/scan-item.ts";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE } from "#libs/contracts/tables.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { type DayCounts, positionKey } from "./day-counts.ts";
import type { World } from "./world.ts";

export interface Expected {
  readonly startMs: number;
  readonly minutes: number;
  readonly coins: number;
  readonly timeframes: number;
}

/** What is wrong with the work of a day, in words: what was lost, done twice or left over. Empty when nothing is. */
export async function workFaults(world: World, counts: DayCounts, expected: Expected): Promise<string[]> {
  const faults: string[] = [];
  const equal = (what: string, found: unknown, wanted: unknown) => {
    if (found !== wanted) faults.push(`${what}: ${found}, expected ${wanted}`);
  };
  const hours = Math.ceil(expected.minutes / 60);
  const tasks = hours * expected.coins * expected.timeframes;
  equal("scans", counts.scans, hours);
  equal("runs of the selector", counts.selectorRuns, expected.minutes);
  equal("backtests stored", counts.ends.get("backtest stored") ?? 0, tasks);
  equal("ends of tasks", counts.taskEnds, tasks);
  equal("signals that a finder has ended", counts.signals.size, counts.signalsPublished);
  equal("signals ended twice", [...counts.signals.values()].filter((times) => times !== 1).length, 0);
  equal("stale signals", (counts.ends.get("stale signal") ?? 0) + (counts.ends.get("stale entry") ?? 0), 0);
  for (const [complaint, times] of counts.complaints) faults.push(`said ${times} times: ${complaint}`);
  faults.push(...(await tableFaults(world, counts, expected, equal)));
  faults.push(...(await queueFaults(world)));
  return faults;
}

type Equal = (what: string, found: unknown, wanted: unknown) => void;

async function tableFaults(
  world: World,
  counts: DayCounts,
  { startMs, minutes, coins, timeframes }: Expected,
  equal: Equal,
): Promise<string[]> {
  const faults: string[] = [];
  const scans = makeScanStore(world.dynamo, {
    tableName: SCAN_HISTORY_TABLE.name,
    clock: { nowMs: () => startMs + minutes * 60_000 },
  });
  for (let hour = 0; hour < minutes / 60; hour++) {
    const id = scanIdOf(startMs + hour * HOUR_MS);
    const item = await scans.get(id);
    if (item === null || !isWhole(item, coins * timeframes)) {
      faults.push(
        `${id} is ${item?.status ?? "not there"}, ${item?.pendingTasks} pending, ${item?.failedTasks} failed`,
      );
    }
  }
  const results = await keysOf(world, RESULTS_TABLE.name, "symbol, scan_timestamp, timeframes");
  equal("results", results.length, Math.ceil(minutes / 60) * coins);
  const parts = results.map(({ timeframes: entries }) => Object.keys(entries ?? {}).length);
  equal("results without all timeframes", parts.filter((count) => count !== timeframes).length, 0);

  const positions = await keysOf(world, POSITIONS_TABLE.name, "symbol, signal_timestamp");
  const stored = new Set(
    positions.map((item) => positionKey(String(item.symbol), Number(item.signal_timestamp))),
  );
  equal("positions stored", counts.ends.get("position stored") ?? 0, positions.length);
  equal("entries without a position", [...counts.entries].filter((key) => !stored.has(key)).length, 0);
  equal("positions without an entry", [...stored].filter((key) => !counts.entries.has(key)).length, 0);
  return faults;
}

function isWhole(item: ScanItem, tasks: number): boolean {
  return (
    item.status === "completed" &&
    item.pendingTasks === 0 &&
    item.failedTasks === 0 &&
    item.completedTasks + item.noTradesTasks === tasks
  );
}

async function keysOf(world: World, table: string, attributes: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let startKey: Record<string, unknown> | undefined;
  do {
    const page = await world.dynamo.send(
      new ScanCommand({
        TableName: table,
        ProjectionExpression: attributes,
        ConsistentRead: true,
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      }),
    );
    items.push(...(page.Items ?? []));
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
  return items;
}

/** By the broker itself: unacknowledged ones count too, and parking and dead-letter queues. */
async function queueFaults({ broker }: World): Promise<string[]> {
  const table = await broker.ctl("--quiet", "list_queues", "name", "messages");
  const rows = table.split("\n").filter((line) => /\t\d+$/.test(line));
  if (rows.length === 0) return [`rabbitmqctl lists no queue: ${table}`];
  return rows
    .filter((line) => !line.endsWith("\t0"))
    .map((line) => `left in a queue: ${line.replace("\t", " ")}`);
}

export interface BrokerLinks {
  readonly connections: number;
  readonly channels: number;
  readonly queues: number;
}

export async function brokerLinks({ broker }: World): Promise<BrokerLinks> {
  const count = async (...command: string[]) =>
    (await broker.ctl("--quiet", ...command)).split("\n").filter((line) => /^\S*\d|^<|^\S+\t/.test(line))
      .length;
  return {
    connections: await count("list_connections", "pid"),
    channels: await count("list_channels", "pid"),
    queues: await count("list_queues", "name", "messages"),
  };
}
