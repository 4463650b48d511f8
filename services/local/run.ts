import { monotonicMs } from "#libs/runtime/clock.ts";
import { nextTickMs, runEvery } from "#libs/runtime/every.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { scanAndBacktest, selectAndFind } from "./cycle.ts";
import type { LocalExchange } from "./exchange.ts";
import { followToTheEnd } from "./follow.ts";
import type { LocalOptions } from "./options.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Progress } from "./progress-view.ts";
import { describeSummary, summaryOf } from "./summary.ts";

export interface Running {
  readonly pipeline: Pipeline;
  readonly exchange: LocalExchange;
  readonly progress: Progress;
  readonly logger: Logger;
  readonly options: LocalOptions;
  readonly stopping: AbortSignal;
}

/** Runs one cycle and returns its summary, as text or as one JSON object. Null when it was stopped. */
export async function runOnce(running: Running): Promise<string | null> {
  const { pipeline, exchange, progress, options, stopping } = running;
  const startedMs = monotonicMs();
  const scan = await scanAndBacktest(pipeline, progress, stopping);
  if (scan === null || stopping.aborted) return null;
  const search = await selectAndFind(pipeline, progress, stopping);
  if (search === null || stopping.aborted) return null;
  // All but the outcomes as it is now: following them sets the clock forward, behind the life of results and positions.
  const cycle = {
    market: options.market,
    description: exchange.description,
    simulated: exchange.simulated,
    seed: exchange.seed,
    clockMs: exchange.clock.nowMs(),
    scanned: scan.scanned,
    item: scan.item,
    selected: search.selected,
    results: await pipeline.results.ofScan(scan.scanned.scanId),
    positions: search.positions,
    durationsMs: {
      scan: scan.scanMs,
      backtests: scan.backtestsMs,
      select: search.selectMs,
      find: search.findMs,
    },
  };
  const followingMs = monotonicMs();
  const outcomes = await followToTheEnd(pipeline, exchange, progress, stopping);
  if (stopping.aborted) return null;
  const { durationsMs } = cycle;
  const follow = monotonicMs() - followingMs;
  const report = {
    ...cycle,
    outcomes,
    durationsMs: { ...durationsMs, follow, total: monotonicMs() - startedMs },
  };
  progress.activity = "done";
  return options.json ? `${JSON.stringify(summaryOf(report), null, 2)}\n` : describeSummary(report);
}

/** Scans at once and then every hour, selects after the first scan and then every minute, until stopped. */
export async function runOnAndOn(running: Running): Promise<void> {
  const { pipeline, exchange, progress, logger, stopping } = running;
  const { clock, speed } = exchange;
  const firstScan = scanAndBacktest(pipeline, progress, stopping).catch((error: unknown) =>
    logger.error({ err: error }, "first scan failed: the next one starts within the hour"),
  );
  await firstScan;
  const scanning = runEvery(
    { everySeconds: 3_600, clock, speed, stopping, logger, skipFirst: true },
    async () => {
      await scanAndBacktest(pipeline, progress, stopping);
    },
  );
  const selecting = runEvery({ everySeconds: 60, clock, speed, stopping, logger }, async () => {
    await selectAndFind(pipeline, progress, stopping);
    progress.activity = "waiting for the next minute";
    progress.nextRun = speed === 0 ? null : { atMs: nextTickMs(clock.nowMs(), 60_000), speed };
  });
  const settling = runEvery({ everySeconds: 60, clock, speed, stopping, logger }, async () => {
    progress.outcomes.open = (await pipeline.settle()).open;
  });
  await Promise.all([scanning, selecting, settling]);
}
