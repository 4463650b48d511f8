import type { Timeframe } from "#libs/candles/timeframe.ts";
import { type BacktestTask, backtestTaskId } from "#libs/contracts/messages.ts";
import { SCHEMA_VERSION } from "#libs/contracts/names.ts";
import { BACKTEST_TASKS } from "#libs/contracts/queues.ts";
import { type ScanItem, scanIdOf, type UniverseEntry } from "#libs/contracts/scan-item.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { countRefusals, rankUniverse, type ScanFilters } from "#libs/market/rank-universe.ts";
import type { MessageQueue } from "#libs/queue/queue.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import type { LeaseOutcome, ScanStore } from "#libs/store/scan-store.ts";

export interface ScanParts {
  readonly market: MarketData;
  readonly scans: ScanStore;
  readonly queue: MessageQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scannerId: string;
  readonly filters: ScanFilters;
  readonly timeframes: readonly Timeframe[];
}

export type ScanSummary =
  | {
      readonly kind: "scanned";
      readonly scanId: string;
      readonly scanTimestamp: number;
      readonly universe: readonly UniverseEntry[];
      readonly selected: readonly string[];
      readonly tasks: number;
    }
  /** Another scanner has run or is running this hour's scan. */
  | {
      readonly kind: "held";
      readonly scanId: string;
      readonly by: string;
      readonly status: ScanItem["status"];
    };

/** A scanner that has not finished by then is presumed dead, and the next one resumes its scan. */
const LEASE_MS = 5 * 60_000;

/**
 * Ranks the whole exchange and publishes one backtest task per selected coin and timeframe. Everything derives from
 * the scan's id and timestamp, so a repeated scan (a duplicate start, a crash in the middle) publishes the same tasks
 * with the same ids.
 */
export async function scan(parts: ScanParts): Promise<ScanSummary> {
  const { scans, logger } = parts;
  const nowMs = await parts.market.serverTimeMs();
  const scanId = scanIdOf(nowMs);
  const hour = {
    scanId,
    scanTimestamp: Math.floor(nowMs / 60_000) * 60,
    scannerId: parts.scannerId,
  };
  const lease = await scans.acquire({ ...hour, leaseMs: LEASE_MS });
  if (lease.kind === "held") {
    logger.info({ scanId, by: lease.by, status: lease.status }, "another scanner has this hour's scan");
    return { kind: "held", scanId, by: lease.by, status: lease.status };
  }
  try {
    return await scanWithLease(parts, scanId, lease, nowMs);
  } catch (error) {
    // A restarted scanner need not wait for the lease to expire. If releasing fails too, it waits.
    await scans.acquire({ ...hour, leaseMs: 0 }).catch((second: unknown) => {
      logger.warn({ err: second, scanId }, "could not release the lease of the failed scan");
    });
    throw error;
  }
}

/** How often a scanner checks whether the other one has finished. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Like `scan`, but waits for a scan that another scanner is running until its tasks are published. If the other
 * scanner dies, its lease expires and this one resumes the scan; otherwise the hour would have no scan.
 */
export async function scanInTurn(parts: ScanParts, stopping: AbortSignal): Promise<ScanSummary> {
  for (;;) {
    const summary = await scan(parts);
    if (summary.kind === "scanned" || summary.status !== "started" || stopping.aborted) return summary;
    await pause(LOOK_AGAIN_MS, stopping);
  }
}

async function scanWithLease(
  parts: ScanParts,
  scanId: string,
  lease: Exclude<LeaseOutcome, { kind: "held" }>,
  nowMs: number,
): Promise<ScanSummary> {
  const { scans, queue, logger } = parts;
  const recorded = lease.kind === "resumed" ? await scans.universe(scanId) : null;
  if (lease.kind === "resumed")
    logger.warn({ scanId }, "resuming a scan that another scanner did not finish");
  const ranked = recorded ?? (await rankNow(parts, nowMs));
  const symbolsTaken = ranked.filter((entry) => entry.taken).map((entry) => entry.symbol);
  const universe = await scans.recordUniverse(scanId, ranked, symbolsTaken, parts.timeframes);
  const taken = universe.filter((entry) => entry.taken);
  const selected = taken.map((entry) => entry.symbol);
  logger.info({ scanId, universe: universe.length, refused: countRefusals(universe) }, "universe ranked");
  if (taken.length === 0) {
    logger.warn({ scanId, universe: universe.length }, "no coin passed the filters");
  }
  for (const entry of taken) {
    logger.info(
      {
        rank: entry.rank,
        symbol: entry.symbol,
        volatility24h: entry.volatility24h,
        turnover24h: Math.round(entry.turnover),
      },
      "coin taken",
    );
  }

  const tasks = tasksOf(parts, scanId, lease.scanTimestamp, taken);
  await queue.publish(BACKTEST_TASKS, tasks);
  await scans.markPublished(scanId);
  logger.info({ scanId, coins: selected.length, tasks: tasks.length }, "backtest tasks published");
  return {
    kind: "scanned",
    scanId,
    scanTimestamp: lease.scanTimestamp,
    universe,
    selected,
    tasks: tasks.length,
  };
}

async function rankNow(parts: ScanParts, nowMs: number): Promise<readonly UniverseEntry[]> {
  const [tickers, instruments] = await Promise.all([parts.market.tickers(), parts.market.instruments()]);
  return rankUniverse(tickers, instruments, parts.filters, nowMs);
}

function tasksOf(
  parts: ScanParts,
  scanId: string,
  scanTimestamp: number,
  taken: readonly UniverseEntry[],
): BacktestTask[] {
  return taken.flatMap((entry) =>
    parts.timeframes.map((timeframe) => ({
      schemaVersion: SCHEMA_VERSION,
      taskId: backtestTaskId(scanId, entry.symbol, timeframe),
      scanId,
      scanTimestamp,
      symbol: entry.symbol,
      timeframe,
      volatility24h: entry.volatility24h ?? 0,
      turnover24h: entry.turnover,
      price: entry.price,
      priceChange24h: entry.priceChange24h,
      requestedAt: scanTimestamp * 1000,
    })),
  );
}
