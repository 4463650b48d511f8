import type { ScanItem, UniverseEntry } from "#libs/contracts/scan-item.ts";
import type { Timeframe } from "#libs/strategy/timeframe.ts";

export type LeaseOutcome =
  /** This scanner does the scan. */
  | { readonly kind: "acquired"; readonly scanTimestamp: number }
  /** An earlier scanner died in the middle: this one takes over, with the first one's timestamp. */
  | { readonly kind: "resumed"; readonly scanTimestamp: number; readonly selected: readonly string[] }
  /** Another scanner is at it, or it is done: nothing to do. */
  | { readonly kind: "held"; readonly by: string; readonly status: ScanItem["status"] };

export type TaskEnd = "completed" | "no_trades" | "failed";

export interface ScanStore {
  /** Conditional put of the scan under its id (named after the hour), so that duplicates are harmless. */
  acquire(lease: {
    scanId: string;
    scanTimestamp: number;
    scannerId: string;
    leaseMs: number;
  }): Promise<LeaseOutcome>;
  /** Stores the ranked universe (a separate item) and the coins taken. Writing the same again changes nothing. */
  recordUniverse(
    scanId: string,
    universe: readonly UniverseEntry[],
    selected: readonly string[],
    timeframes: readonly Timeframe[],
  ): Promise<void>;
  markPublished(scanId: string): Promise<void>;
  /**
   * Counts the end of one task once, however often it is told; a `failed` task that succeeds later moves over,
   * a success never becomes a failure. The last one sets `completedAt` and the duration.
   */
  recordTaskEnd(scanId: string, symbol: string, timeframe: Timeframe, end: TaskEnd): Promise<void>;
  get(scanId: string): Promise<ScanItem | null>;
  universe(scanId: string): Promise<readonly UniverseEntry[] | null>;
}

/** A lease for work that must run once a period (the selector's minute), kept in the scan-history table. */
export interface LeaseStore {
  /** True when this owner is the first to take the named lease; a taken lease is never taken again. */
  take(name: string, owner: string, lifeSeconds: number): Promise<boolean>;
}
