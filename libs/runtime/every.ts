import type { Clock } from "./clock.ts";
import type { Logger } from "./logging.ts";
import { pause } from "./pause.ts";

/** A candle is served a moment after it has closed; a tick waits that long after the full minute. */
const AFTER_THE_MINUTE_MS = 2_000;

export interface EveryOptions {
  /** Null: run once. */
  readonly everySeconds: number | null;
  readonly clock: Clock;
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

/**
 * Runs the work once, or at once and then at every full period (each whole minute for 60) until the service is
 * told to stop. In a series a failure is logged and the next run goes ahead; a single run throws it.
 */
export async function runEvery(options: EveryOptions, work: () => Promise<void>): Promise<void> {
  if (options.everySeconds === null) return work();
  const periodMs = options.everySeconds * 1000;
  while (!options.stopping.aborted) {
    try {
      await work();
    } catch (error) {
      options.logger.error({ err: error, nextInSeconds: options.everySeconds }, "this run failed");
    }
    const intoPeriodMs = (options.clock.nowMs() - AFTER_THE_MINUTE_MS) % periodMs;
    await pause(periodMs - intoPeriodMs, options.stopping);
  }
}
