import { describe, expect, it } from "vitest";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { scanIdOf } from "#libs/contracts/scan-item.ts";
import { makeInProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { reportMetrics } from "#services/selector/metrics.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { clientOf, freshTables, startEmbedded } from "#test/support/database/dynamodb.ts";
import { backtestTask } from "#test/support/factories/messages.ts";

const NOW_MS = Date.UTC(2026, 0, 15, 12, 30);

interface Metric {
  readonly Queue?: string;
  readonly _aws: { readonly CloudWatchMetrics: readonly [{ readonly Metrics: readonly { Name: string }[] }] };
  readonly [name: string]: unknown;
}

async function measured(prepare: (world: World) => Promise<void>): Promise<readonly Metric[]> {
  const database = await startEmbedded();
  const client = clientOf(database.endpoint);
  const captured = capturedLogger();
  const queue = makeInProcessQueue({ logger: captured.logger });
  try {
    const { scans: table } = await freshTables(client);
    const scansAt = (nowMs: number) =>
      makeScanStore(client, { tableName: table.name, clock: simulatedClock(nowMs, 0) });
    await prepare({ queue, scansAt });
    await reportMetrics({
      queue,
      scans: scansAt(NOW_MS),
      clock: simulatedClock(NOW_MS, 0),
      logger: captured.logger,
    });
    return captured
      .text()
      .split("\n")
      .filter((line) => line.includes("_aws"))
      .map((line) => JSON.parse(line) as Metric);
  } finally {
    await queue.close();
    client.destroy();
    await database.close();
  }
}

interface World {
  readonly queue: ReturnType<typeof makeInProcessQueue>;
  readonly scansAt: (nowMs: number) => ReturnType<typeof makeScanStore>;
}

async function startScan({ scansAt }: World, startMs: number, ends: number): Promise<void> {
  const scans = scansAt(startMs);
  const scanId = scanIdOf(startMs);
  await scans.acquire({ scanId, scanTimestamp: startMs / 1000, scannerId: "a", leaseMs: 60_000 });
  await scans.recordUniverse(scanId, [], ["BTCUSDT", "ETHUSDT"], ["5m"]);
  await scans.markPublished(scanId);
  for (const symbol of ["BTCUSDT", "ETHUSDT"].slice(0, ends)) {
    await scans.recordTaskEnd(scanId, symbol, "5m", "completed");
  }
}

describe("the selector's metrics", () => {
  it("are zeros on a quiet system, without an age of a scan that never was", async () => {
    const lines = await measured(async () => {});
    expect(lines).toEqual(
      [BACKTEST_TASKS.name, TRADING_SIGNALS.name].map((Queue) =>
        expect.objectContaining({ Queue, QueueDepth: 0, OldestMessageAge: 0, DeadLetters: 0 }),
      ),
    );
  });

  it("tell depth, dead letters and the age of the oldest unfinished scan", async () => {
    const lines = await measured(async (world) => {
      await startScan(world, NOW_MS - 90 * 60_000, 1);
      await startScan(world, NOW_MS - 30 * 60_000, 0);
      await world.queue.publish(BACKTEST_TASKS, [backtestTask(), backtestTask()]);
    });
    expect(lines[0]).toMatchObject({ Queue: "backtest-tasks", QueueDepth: 2, OldestMessageAge: 90 * 60 });
  });

  it("tell how long ago a scan was last finished", async () => {
    const lines = await measured(async (world) => {
      await startScan(world, NOW_MS - 150 * 60_000, 2);
      await startScan(world, NOW_MS - 90 * 60_000, 2);
    });
    expect(lines[2]).toMatchObject({ FinishedScanAge: 90 * 60 });
  });

  it("name each figure they carry, as the embedded metric format wants it", async () => {
    for (const line of await measured((world) => startScan(world, NOW_MS, 2))) {
      for (const { Name } of line._aws.CloudWatchMetrics[0].Metrics) expect(typeof line[Name]).toBe("number");
    }
  });
});
