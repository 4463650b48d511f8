import type { PulseOf } from "#libs/contracts/pulse-item.ts";
import { type Clock, monotonicMs } from "#libs/runtime/clock.ts";
import type { FreshPulse } from "#libs/store/pulse-store.ts";
import type { PulseFrame } from "#services/shared/pulse.ts";
import { makeTally } from "#services/shared/tally.ts";
import type { ScanSummary } from "./scan.ts";

/** Keeps what became of the scans, for the scanner's pulse. */
export function makeScannerPulse(clock: Clock) {
  const runs = makeTally(clock);
  let lastScan: PulseOf<"scanner">["lastScan"] = null;
  let lastFailure: PulseOf<"scanner">["lastFailure"] = null;

  /** Runs a scan and keeps its outcome, which it gives on. One that another scanner does is none of this one's. */
  async function observed(scan: () => Promise<ScanSummary>): Promise<ScanSummary> {
    const startedMs = monotonicMs();
    try {
      const summary = await scan();
      if (summary.kind === "scanned") {
        runs.add("scans");
        lastScan = {
          scanId: summary.scanId,
          at: clock.nowMs(),
          durationMs: Math.round(monotonicMs() - startedMs),
          universe: summary.universe.length,
          taken: summary.selected.length,
          tasks: summary.tasks,
        };
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
    const countsOf = (counts: ReadonlyMap<string, number>) => ({
      scans: counts.get("scans") ?? 0,
      failures: counts.get("failures") ?? 0,
    });
    return {
      service: "scanner",
      ...frame,
      lastWorkAt: lastScan?.at ?? null,
      lastScan,
      lastFailure,
      total: countsOf(counted.total),
      lastMinute: countsOf(counted.lastMinute),
    };
  }
  return { observed, read };
}
