import { realSleep } from "./sleep.ts";

/** Resolves after `ms`, or at once when the signal aborts: for waits where an abort is not a failure. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await realSleep(Math.max(0, ms), signal);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
