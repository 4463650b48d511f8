import type { PulseOf, QueuePulse } from "#libs/contracts/pulse-item.ts";
import { type Clock, monotonicMs } from "#libs/runtime/clock.ts";
import type { FreshPulse } from "#libs/store/pulse-store.ts";
import type { PulseFrame } from "#services/shared/pulse.ts";
import { makeTally } from "#services/shared/tally.ts";
import type { SelectSummary } from "./select.ts";

/** Keeps what became of the selections and how full the queues were, for the selector's pulse. */
export function makeSelectorPulse(clock: Clock) {
  const runs = makeTally(clock);
  let lastRun: PulseOf<"selector">["lastRun"] = null;
  let lastFailure: PulseOf<"selector">["lastFailure"] = null;
  let queues: QueuePulse[] = [];
  let queuesMeasuredAt: number | null = null;

  function measured(found: readonly QueuePulse[]): void {
    queues = [...found];
    queuesMeasuredAt = clock.nowMs();
  }

  /** Runs a selection and keeps its outcome, which it gives on. One that another selector made is none of this one's. */
  async function observed(select: () => Promise<SelectSummary>): Promise<SelectSummary> {
    const startedMs = monotonicMs();
    try {
      const summary = await select();
      if (summary.kind === "selected") {
        const { coins, judged, newestScanId } = summary.selection;
        const taken = summary.taken.length;
        runs.add("runs");
        runs.add("taken", taken);
        const durationMs = Math.round(monotonicMs() - startedMs);
        lastRun = { at: clock.nowMs(), durationMs, newestScanId, coins, judged, taken, published: taken };
      }
      return summary;
    } catch (error) {
      runs.add("failures");
      lastFailure = { at: clock.nowMs(), reason: error instanceof Error ? error.message : String(error) };
      throw error;
    }
  }

  function read(frame: PulseFrame): FreshPulse {
    const counted = runs.read();
    return {
      service: "selector",
      ...frame,
      lastWorkAt: lastRun?.at ?? null,
      lastRun,
      lastFailure,
      queues,
      queuesMeasuredAt,
      total: countsOf(counted.total),
      lastMinute: countsOf(counted.lastMinute),
    };
  }
  return { measured, observed, read };
}

/** Every strategy that is taken is published, or the run has failed. */
function countsOf(counts: ReadonlyMap<string, number>) {
  const of = (name: "runs" | "failures" | "taken") => counts.get(name) ?? 0;
  return { runs: of("runs"), failures: of("failures"), taken: of("taken"), published: of("taken") };
}
