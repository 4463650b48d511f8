import {
  DEAD_LETTERS,
  FINISHED_SCAN_AGE,
  OLDEST_MESSAGE_AGE,
  QUEUE_DEPTH,
  QUEUE_DIMENSION,
} from "#libs/contracts/metrics.ts";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import type { MessageQueue, QueueDepth } from "#libs/queue/queue.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import { embeddedMetricLine, type MetricGroup } from "#libs/runtime/embedded-metrics.ts";
import type { ScanStore } from "#libs/store/scan-store.ts";

export interface HealthParts {
  readonly queue: Pick<MessageQueue, "depth">;
  readonly scans: Pick<ScanStore, "get">;
  readonly clock: Clock;
  /** Takes a line for standard output. */
  readonly write: (line: string) => void;
  /** The id of the scan of an hour. */
  readonly scanIdOf: (nowMs: number) => string;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Work older than this many scans is beyond help: its candles' window has moved on. */
const SCANS_LOOKED_AT = 6;

/**
 * Writes what scaling and alarms live on: depth, age and dead letters of both queues, zeros too, and how long
 * ago a scan was finished. Called before this minute's signals are published, so that the depth of their queue
 * is what the finders have left over. A broker tells no message's age without handing the message out, so the
 * ages come from when the work was issued: tasks with their scan, signals at the minute before.
 */
export async function reportHealth(parts: HealthParts): Promise<void> {
  const nowMs = parts.clock.nowMs();
  const hours = Array.from({ length: SCANS_LOOKED_AT }, (_, back) => nowMs - back * HOUR_MS);
  const [tasks, signals, ...scans] = await Promise.all([
    parts.queue.depth(BACKTEST_TASKS),
    parts.queue.depth(TRADING_SIGNALS),
    ...hours.map((hourMs) => parts.scans.get(parts.scanIdOf(hourMs))),
  ]);
  const groups: MetricGroup[] = [
    queueGroup(BACKTEST_TASKS.name, tasks, oldestTaskSeconds(tasks, scans, nowMs)),
    queueGroup(TRADING_SIGNALS.name, signals, oldestSignalSeconds(signals, nowMs)),
  ];
  const finishedAt = Math.max(...scans.map((scan) => scan?.completedAt ?? Number.NEGATIVE_INFINITY));
  if (Number.isFinite(finishedAt)) {
    groups.push({ dimensions: {}, values: [[FINISHED_SCAN_AGE, seconds(nowMs - finishedAt)]] });
  }
  for (const group of groups) parts.write(embeddedMetricLine(group, nowMs));
}

function queueGroup(name: string, depth: QueueDepth, oldestSeconds: number): MetricGroup {
  return {
    dimensions: { [QUEUE_DIMENSION]: name },
    values: [
      [QUEUE_DEPTH, depth.ready],
      [OLDEST_MESSAGE_AGE, oldestSeconds],
      [DEAD_LETTERS, depth.dead],
    ],
  };
}

/** The scans' tasks are published together: the oldest one waiting is of the oldest scan with work left. */
function oldestTaskSeconds(depth: QueueDepth, scans: readonly (ScanItem | null)[], nowMs: number): number {
  if (depth.ready + depth.retrying === 0) return 0;
  const unfinished = scans.filter((scan) => scan !== null && scan.pendingTasks > 0);
  const issuedMs = unfinished.map((scan) => scan?.publishedAt ?? scan?.startedAt ?? nowMs);
  return seconds(nowMs - Math.min(nowMs, ...issuedMs));
}

/** Signals come once a minute and expire: what waits when the next minute has begun is of the last one. */
function oldestSignalSeconds(depth: QueueDepth, nowMs: number): number {
  if (depth.ready + depth.retrying === 0) return 0;
  const lastIssueMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  return Math.min(seconds(nowMs - lastIssueMs), (TRADING_SIGNALS.messageTtlMs ?? MINUTE_MS) / 1000);
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000));
}
