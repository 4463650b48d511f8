import type { HeapRow, ProcessSample, Samples } from "./samples.ts";
import { trendOf } from "./trend.ts";

/** Resident memory of each service, MiB, at any moment of its life. */
export const MOST_RSS_MIB = 150;
/** What held memory may seem to gain over the measured hours: caches and code move by about this. */
const MOST_GROWTH_MIB = 3;
/** The same for resident memory, in which garbage comes and goes. */
const MOST_RSS_GROWTH_MIB = 10;
/** Idle connections of an HTTP agent, and the timer of each, come and go by some. */
const MOST_RESOURCE_GROWTH = 4;

/** What one process needed, and whether any of it grew after the warm-up. */
export interface MemoryRow {
  readonly process: string;
  readonly peakMib: number;
  readonly rssMib: number;
  readonly cpuSeconds: number;
  /** Least and most after a full collection. */
  readonly heldMib: readonly [number, number];
  /** MiB that the line through the samples gains over the measured hours; null when they are too few. */
  readonly heldGrowthMib: number | null;
  readonly rssGrowthMib: number | null;
  readonly descriptors: readonly [number, number];
  readonly timers: readonly [number, number];
  readonly descriptorGrowth: number | null;
  readonly timerGrowth: number | null;
}

export function memoryRows(samples: Samples, warmUpMinutes: number): MemoryRow[] {
  return [...samples.processes].map(([process, all]) => {
    const warm = all.filter((sample) => sample.minute >= warmUpMinutes);
    const heaps = (samples.heaps.get(process) ?? []).filter((row) => row.minute >= warmUpMinutes);
    const last = all.at(-1);
    if (last === undefined) throw new Error(`no sample of ${process}`);
    return {
      process,
      peakMib: last.peakMib,
      rssMib: last.rssMib,
      cpuSeconds: last.cpuSeconds,
      heldMib: range(heaps, (row) => row.heldMib),
      heldGrowthMib: growth(heaps, (row) => row.heldMib),
      rssGrowthMib: growth(warm, (sample) => sample.rssMib),
      descriptors: range(warm, (sample) => sample.descriptors),
      timers: range(heaps, (row) => row.timers),
      descriptorGrowth: growth(warm, (sample) => sample.descriptors),
      timerGrowth: growth(heaps, (row) => row.timers),
    };
  });
}

/** What is wrong with a row, in words; empty when nothing is. */
export function memoryFaults(row: MemoryRow): string[] {
  const faults: string[] = [];
  const limit = (what: string, value: number | null, most: number, unit: string) => {
    if (value !== null && value > most) {
      faults.push(`${row.process}: ${what} ${value.toFixed(1)}${unit}, at most ${most}${unit} is allowed`);
    }
  };
  limit("took", row.peakMib, MOST_RSS_MIB, " MiB");
  limit("held memory grew by", row.heldGrowthMib, MOST_GROWTH_MIB, " MiB");
  limit("resident memory grew by", row.rssGrowthMib, MOST_RSS_GROWTH_MIB, " MiB");
  limit("descriptors grew by", row.descriptorGrowth, MOST_RESOURCE_GROWTH, "");
  limit("timers grew by", row.timerGrowth, MOST_RESOURCE_GROWTH, "");
  return faults;
}

/** In less time a cache that fills cannot be told from a leak. */
const SHORTEST_TREND_MINUTES = 180;

function growth<T extends HeapRow | ProcessSample>(
  rows: readonly T[],
  of: (row: T) => number,
): number | null {
  const measuredMinutes = (rows.at(-1)?.minute ?? 0) - (rows[0]?.minute ?? 0);
  if (measuredMinutes < SHORTEST_TREND_MINUTES) return null;
  return trendOf(rows.map((row) => ({ at: row.minute, value: of(row) }))).growth;
}

function range<T>(rows: readonly T[], of: (row: T) => number): readonly [number, number] {
  if (rows.length === 0) return [Number.NaN, Number.NaN];
  const values = rows.map(of);
  return [Math.min(...values), Math.max(...values)];
}
