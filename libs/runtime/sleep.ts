import { setMaxListeners } from "node:events";
import { setTimeout as timer } from "node:timers/promises";

/** Waits. Rejects with `signal.reason` as soon as the signal is aborted. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Sleeping in real time. */
export const realSleep: Sleep = async (ms, signal) => {
  if (signal === undefined) {
    await timer(ms);
    return;
  }
  signal.throwIfAborted();
  // Many waits may share one signal; the default of ten listeners would print a leak warning.
  setMaxListeners(0, signal);
  try {
    await timer(ms, undefined, { signal });
  } catch (error) {
    // The timer rejects with its own AbortError; the signal's reason is more specific.
    signal.throwIfAborted();
    throw error;
  }
};
