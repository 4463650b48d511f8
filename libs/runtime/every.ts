import type { Clock } from "./clock.ts";
import type { Logger } from "./logging.ts";
import { pause } from "./pause.ts";

/** The exchange serves a candle shortly after its close; a tick waits this long after the full minute. */
export const AFTER_THE_MINUTE_MS = 2_000;

export interface EveryOptions {
  /** Null: run once. */
  readonly everySeconds: number | null;
  readonly clock: Clock;
  /** How many times faster than real time the clock runs; with a stopped clock, ticks follow real time. */
  readonly speed?: number;
  /** The work has just been done: start by waiting for the next full period. */
  readonly skipFirst?: boolean;
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

/** When the next full period's tick is: always later than now. */
export function nextTickMs(nowMs: number, periodMs: number): number {
  return nowMs + periodMs - ((nowMs - AFTER_THE_MINUTE_MS) % periodMs);
}

/**
 * Runs the work once, or immediately and then at every full period (every full minute for 60) until the service is
 * asked to stop. In a series a failure is logged and the next run proceeds; a single run throws it.
 */
export async function runEvery(options: EveryOptions, work: () => Promise<void>): Promise<void> {
  if (options.everySeconds === null) return work();
  const { everySeconds, clock, stopping, logger } = options;
  const periodMs = everySeconds * 1000;
  const nextTick = () => {
    const nowMs = clock.nowMs();
    const waitMs = (nextTickMs(nowMs, periodMs) - nowMs) / (options.speed || 1);
    // A timer truncates fractions and may fire a millisecond early, and the work would then run twice for a tick.
    return pause(Math.ceil(waitMs) + 1, stopping);
  };
  if (options.skipFirst) await nextTick();
  while (!stopping.aborted) {
    try {
      await work();
    } catch (error) {
      logger.error({ err: error, nextInSeconds: everySeconds }, "run failed");
    }
    await nextTick();
  }
}
