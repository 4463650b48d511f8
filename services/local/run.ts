import { monotonicMs } from "#libs/runtime/clock.ts";
import { AFTER_THE_MINUTE_MS, nextTickMs, runEvery } from "#libs/runtime/every.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import { scanAndBacktest, selectAndFind } from "./cycle.ts";
import type { LocalExchange } from "./exchange.ts";
import { followToTheEnd } from "./follow.ts";
import type { LocalOptions } from "./options.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Progress } from "./progress-view.ts";
import { describeReplay, describeSummary, summaryOf } from "./summary.ts";

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

/**
 * Scans at once and then every hour, selects after the first scan and then every minute, until stopped, or until a
 * replay reaches its last candle.
 * @returns the summary of a replay that has ended, else null.
 */
export async function runOnAndOn(running: Running): Promise<string | null> {
  const { pipeline, exchange, progress, logger } = running;
  const { clock, speed } = exchange;
  const totals = { scans: 0, backtests: 0, failed: 0, selections: 0, signals: 0 };
  const positions = new Set<string>();
  const stopping = stopAtEnd(running);

  async function scan(): Promise<void> {
    const done = await scanAndBacktest(pipeline, progress, running.stopping);
    if (done === null) return;
    totals.scans += 1;
    totals.backtests += done.item.totalTasks - done.item.pendingTasks;
    totals.failed += done.item.failedTasks;
  }

  await scan().catch((error: unknown) =>
    logger.error({ err: error }, "first scan failed: the next one starts within the hour"),
  );
  const scanning = runEvery({ everySeconds: 3_600, clock, speed, stopping, logger, skipFirst: true }, scan);
  const selecting = runEvery({ everySeconds: 60, clock, speed, stopping, logger }, async () => {
    const done = await selectAndFind(pipeline, progress, running.stopping);
    progress.activity = "waiting for the next minute";
    progress.nextRun = speed === 0 ? null : { atMs: nextTickMs(clock.nowMs(), 60_000), speed };
    if (done === null) return;
    totals.selections += 1;
    totals.signals += done.selected.taken.length;
    for (const { symbol, signalTimestamp } of done.positions) positions.add(`${symbol} ${signalTimestamp}`);
  });
  const settling = runEvery({ everySeconds: 60, clock, speed, stopping, logger }, async () => {
    progress.outcomes.open = (await pipeline.settle()).open;
  });
  await Promise.all([scanning, selecting, settling]);
  if (running.stopping.aborted || exchange.replay === null) return null;
  progress.activity = "done";
  return describeReplay({
    ...totals,
    ...exchange.replay,
    positions: positions.size,
    description: exchange.description,
  });
}

/** Aborts when the service is asked to stop, and when a replay's clock has reached the last candle. */
function stopAtEnd({ exchange: { replay, clock, speed }, stopping }: Running): AbortSignal {
  if (replay === null || speed === 0) return stopping;
  const end = new AbortController();
  const untilEnd = async () => {
    while (!stopping.aborted && clock.nowMs() < replay.endMs) {
      await pause(Math.min(MOST_PAUSE_MS, Math.ceil((replay.endMs - clock.nowMs()) / speed)), stopping);
    }
    // The last candle's own minute begins a moment after its close, and its selection is still made.
    await pause(Math.ceil((2 * AFTER_THE_MINUTE_MS) / speed), stopping);
    end.abort();
  };
  void untilEnd();
  return AbortSignal.any([stopping, end.signal]);
}

/** Timers end after 24 days at most. */
const MOST_PAUSE_MS = 3_600_000;
