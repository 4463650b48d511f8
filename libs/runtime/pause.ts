import { realSleep } from "./sleep.ts";

/** Resolves after `ms`, or at once when the signal aborts: for waits whose end, either way, is no failure. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await realSleep(Math.max(0, ms), signal);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
