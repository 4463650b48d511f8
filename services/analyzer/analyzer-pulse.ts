import type { Clock } from "#libs/runtime/clock.ts";
import type { FreshPulse } from "#libs/store/pulse-store.ts";
import type { PulseFrame } from "#services/shared/pulse.ts";
import { makeTally } from "#services/shared/tally.ts";

/** How a task ended, or why it did not. */
export type AnalyzeEvent = "done" | "failed" | "retry" | "dead-letter";
export type AnalyzeObserver = (event: AnalyzeEvent) => void;

/** Counts what an analyzer does, for its pulse. */
export function makeAnalyzerPulse(clock: Clock) {
  const ends = makeTally(clock);
  let lastTaskAt: number | null = null;

  const observe: AnalyzeObserver = (event) => {
    ends.add(event);
    if (event === "done" || event === "failed") lastTaskAt = clock.nowMs();
  };

  function countsOf(counts: ReadonlyMap<string, number>) {
    const of = (event: AnalyzeEvent) => counts.get(event) ?? 0;
    return {
      done: of("done"),
      failed: of("failed"),
      retries: of("retry"),
      deadLetters: of("dead-letter"),
    };
  }

  function read(frame: PulseFrame): FreshPulse {
    const { total, lastMinute } = ends.read();
    return {
      service: "analyzer",
      ...frame,
      lastWorkAt: lastTaskAt,
      total: countsOf(total),
      lastMinute: countsOf(lastMinute),
    };
  }
  return { observe, read };
}
