import { syncBuiltinESMExports } from "node:module";
import type { TimerOptions } from "node:timers";
import timers from "node:timers/promises";
import {
  type FromProcess,
  type SharedTime,
  simulatedNowMs,
  TIME_VARIABLE,
  type ToProcess,
} from "./protocol.ts";

/*
 * Loaded into every process of the load run before its program, which is the bundle of an image as it is. Gives it
 * the clock of the run, ends the waits that lie in skipped time, and tells what the process holds in memory.
 */

interface Wait {
  readonly dueMs: number;
  readonly end: () => void;
}

/** The longest delay that a timer takes. */
const FOR_EVER_MS = 2 ** 31 - 1;

const waits = new Set<Wait>();
let time: SharedTime = JSON.parse(process.env[TIME_VARIABLE] ?? "") as SharedTime;
Date.now = () => simulatedNowMs(time);

/**
 * A wait this long is the one of scanner and selector for their next run: it ends when the clock is set beyond it.
 * Shorter ones (the pace of calls, waits before another try) take real time, and so do timeouts and heartbeats of
 * connections, which are other timers.
 */
const LONG_WAIT_MS = 10_000;
const realWait = timers.setTimeout;
timers.setTimeout = async <T = void>(delayMs = 1, value?: T, options: TimerOptions = {}): Promise<T> => {
  if (delayMs < LONG_WAIT_MS) return realWait(delayMs, value, options);
  const skipped = new AbortController();
  const wait: Wait = { dueMs: Date.now() + delayMs, end: () => skipped.abort() };
  waits.add(wait);
  const signals = options.signal === undefined ? [] : [options.signal];
  try {
    return await realWait(FOR_EVER_MS, value, { signal: AbortSignal.any([skipped.signal, ...signals]) });
  } catch (error) {
    // A skip is no failure: the wait is over, with its value.
    if (skipped.signal.aborted) return value as T;
    throw error;
  } finally {
    waits.delete(wait);
  }
};
syncBuiltinESMExports();

function countResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function answer(message: FromProcess): void {
  process.send?.(message);
}

process.on("message", (message: ToProcess) => {
  if (message.kind === "time") {
    time = message;
    answer({ kind: "time", id: message.id });
    const nowMs = Date.now();
    for (const wait of waits) if (wait.dueMs <= nowMs) wait.end();
    return;
  }
  // What only a finalizer held is free after the second one.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  answer({ kind: "sample", id: message.id, heapUsed, external, resources: countResources() });
});
// Whoever started it is gone, and nobody else would end it.
process.on("disconnect", () => process.exit(1));
