import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { AFTER_THE_MINUTE_MS } from "#libs/runtime/every.ts";
import { pause } from "#libs/runtime/pause.ts";
import { type DayCounts, emptyCounts, readLog } from "./day-counts.ts";
import type { World } from "./world.ts";

/** A timer may be late by this; the clock is set that much beyond the tick, so that the tick's wait is over. */
const TICK_MARGIN_MS = 5;
const POLL_MS = 2;
/** Of the work of one minute or scan: far more than on a machine that does nothing else. */
const WORK_WITHIN_MS = 15 * 60_000;

/**
 * Runs the day minute by minute: each begins when the work of the one before is done. Told to stop, it ends with the
 * minute in work.
 * @returns what was done in how many minutes.
 */
export async function runDay(
  world: World,
  day: {
    readonly startMs: number;
    readonly minutes: number;
    readonly tasksOfScan: number;
    readonly stopping: AbortSignal;
  },
  minuteEnded: (minute: number, counts: DayCounts) => Promise<void>,
): Promise<{ readonly minutes: number; readonly counts: DayCounts }> {
  const counts = emptyCounts();
  const until = async (what: string, done: () => boolean) => {
    const deadlineMs = monotonicMs() + WORK_WITHIN_MS;
    for (;;) {
      for (const service of world.services()) readLog(service, counts);
      if (done()) return;
      if (monotonicMs() > deadlineMs) throw new Error(`did not happen in time: ${what}, see ${world.folder}`);
      await pause(POLL_MS);
    }
  };
  const timed = async (work: Promise<void>) => {
    const startedMs = monotonicMs();
    await work;
    return (monotonicMs() - startedMs) / 1000;
  };

  let minute = 0;
  for (; minute < day.minutes && !day.stopping.aborted; minute++) {
    const tickMs = day.startMs + minute * MINUTE_MS + AFTER_THE_MINUTE_MS + TICK_MARGIN_MS;
    // The first run of scanner and selector is their start.
    if (minute === 0) world.startSchedules();
    else await world.skipTo(tickMs);
    counts.signalSeconds += await timed(
      until(
        `the signals of minute ${minute}: ${counts.signals.size} of ${counts.signalsPublished} are done`,
        () => counts.selectorRuns === minute + 1 && counts.signals.size === counts.signalsPublished,
      ),
    );
    if (minute % 60 === 0) {
      if (minute > 0) await world.startScan();
      const scans = minute / 60 + 1;
      counts.taskSeconds += await timed(
        until(
          `scan ${scans} of the day`,
          () => counts.scans === scans && counts.taskEnds === scans * day.tasksOfScan,
        ),
      );
    }
    await minuteEnded(minute, counts);
  }
  return { minutes: minute, counts };
}
