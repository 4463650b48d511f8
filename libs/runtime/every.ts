import type { Clock } from "./clock.ts";
import type { Logger } from "./logging.ts";
import { pause } from "./pause.ts";

/** A candle is served a moment after it has closed; a tick waits that long after the full minute. */
export const AFTER_THE_MINUTE_MS = 2_000;

export interface EveryOptions {
  /** Null: run once. */
  readonly everySeconds: number | null;
  readonly clock: Clock;
  /** How many times faster than real time the clock runs; a clock that stands still ticks in real time. */
  readonly speed?: number;
  /** The work has just been done: begin with waiting for the next full period. */
  readonly skipFirst?: boolean;
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

/**
 * Runs the work once, or at once and then at every full period (each whole minute for 60) until the service is
 * told to stop. In a series a failure is logged and the next run goes ahead; a single run throws it.
 */
export async function runEvery(options: EveryOptions, work: () => Promise<void>): Promise<void> {
  if (options.everySeconds === null) return work();
  const { everySeconds, clock, stopping, logger } = options;
  const periodMs = everySeconds * 1000;
  const nextTick = () => {
    const intoPeriodMs = (clock.nowMs() - AFTER_THE_MINUTE_MS) % periodMs;
    const waitMs = (periodMs - intoPeriodMs) / (options.speed || 1);
    // A timer drops fractions and may fire a millisecond early: the work would run again at the tick itself.
    return pause(Math.ceil(waitMs) + 1, stopping);
  };
  if (options.skipFirst) await nextTick();
  while (!stopping.aborted) {
    try {
      await work();
    } catch (error) {
      logger.error({ err: error, nextInSeconds: everySeconds }, "this run failed");
    }
    await nextTick();
  }
}
