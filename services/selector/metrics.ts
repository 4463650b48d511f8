import { HOUR_MS } from "#libs/candles/timeframe.ts";
import {
  DEAD_LETTERS,
  FINISHED_SCAN_AGE,
  METRICS_NAMESPACE,
  type MetricDefinition,
  OLDEST_MESSAGE_AGE,
  QUEUE_DEPTH,
  QUEUE_DIMENSION,
  QUEUE_METRICS,
} from "#libs/contracts/metrics.ts";
import type { QueuePulse } from "#libs/contracts/pulse-item.ts";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import { scanIdOf } from "#libs/contracts/scan-item.ts";
import type { MessageQueue } from "#libs/queue/queue.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import type { ScanStore } from "#libs/store/scan-store.ts";

export interface MetricsParts {
  readonly queue: MessageQueue;
  readonly scans: ScanStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Scans are named after their hour, so the latest ones are found by name. */
const HOURS_BACK = 4;

/**
 * Measures both queues and the scans, and logs the figures in CloudWatch's embedded metric format, which turns them
 * into metrics without an API call or a permission; elsewhere they are plain log lines. RabbitMQ does not report the
 * age of a message. The age of a task is that of the oldest scan with unfinished tasks; the age of a signal is one
 * minute, because the previous run of the selector published it.
 * @returns the figures of the queues.
 * Source: CloudWatch User Guide, "Specification: Embedded metric format".
 */
export async function reportMetrics(parts: MetricsParts): Promise<readonly QueuePulse[]> {
  const { clock } = parts;
  const { queues, scans } = await measure(parts);
  for (const { queue, ready, dead, oldestAgeSeconds } of queues) {
    write(parts, QUEUE_METRICS, {
      [QUEUE_DIMENSION]: queue,
      [QUEUE_DEPTH.name]: ready,
      [OLDEST_MESSAGE_AGE.name]: oldestAgeSeconds,
      [DEAD_LETTERS.name]: dead,
    });
  }
  const finishedMs = Math.max(...scans.map((scan) => scan.completedAt ?? Number.NEGATIVE_INFINITY));
  if (Number.isFinite(finishedMs)) {
    write(parts, [FINISHED_SCAN_AGE], {
      [FINISHED_SCAN_AGE.name]: secondsSince(finishedMs, clock.nowMs()),
    });
  }
  return queues;
}

/** How full both queues are, and the last scans. */
export async function measure(
  parts: Omit<MetricsParts, "logger">,
): Promise<{ readonly queues: readonly QueuePulse[]; readonly scans: readonly ScanItem[] }> {
  const { queue, clock } = parts;
  const [tasks, signals, scans] = await Promise.all([
    queue.depth(BACKTEST_TASKS),
    queue.depth(TRADING_SIGNALS),
    recentScans(parts),
  ]);
  const nowMs = clock.nowMs();
  const oldestPendingMs = Math.min(
    ...scans.filter((scan) => scan.pendingTasks > 0).map((scan) => scan.publishedAt ?? scan.startedAt),
  );
  const taskAge =
    tasks.ready > 0 && Number.isFinite(oldestPendingMs) ? secondsSince(oldestPendingMs, nowMs) : 0;
  const signalAge = signals.ready > 0 ? (TRADING_SIGNALS.messageTtlMs ?? 0) / 1000 : 0;
  return {
    queues: [
      { queue: BACKTEST_TASKS.name, ...tasks, oldestAgeSeconds: taskAge },
      { queue: TRADING_SIGNALS.name, ...signals, oldestAgeSeconds: signalAge },
    ],
    scans,
  };
}

async function recentScans({ scans, clock }: Pick<MetricsParts, "scans" | "clock">): Promise<ScanItem[]> {
  const nowMs = clock.nowMs();
  const ids = Array.from({ length: HOURS_BACK }, (_, hours) => scanIdOf(nowMs - hours * HOUR_MS));
  const items = await Promise.all(ids.map((id) => scans.get(id)));
  return items.filter((item) => item !== null);
}

function secondsSince(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.round((nowMs - thenMs) / 1000));
}

function write(
  { clock, logger }: MetricsParts,
  metrics: readonly MetricDefinition[],
  values: Readonly<Record<string, string | number>>,
): void {
  const embedded = {
    Timestamp: clock.nowMs(),
    CloudWatchMetrics: [
      {
        Namespace: METRICS_NAMESPACE,
        Dimensions: [QUEUE_DIMENSION in values ? [QUEUE_DIMENSION] : []],
        Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit })),
      },
    ],
  };
  logger.info({ ...values, _aws: embedded }, "queues and scans measured");
}
