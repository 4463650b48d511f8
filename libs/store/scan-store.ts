import type { Timeframe } from "#libs/candles/timeframe.ts";
import type { ScanItem, UniverseEntry } from "#libs/contracts/scan-item.ts";

export type LeaseOutcome =
  /** This scanner runs the scan. */
  | { readonly kind: "acquired"; readonly scanTimestamp: number }
  /** An earlier scanner died during the scan: this one takes over, with the original timestamp. */
  | { readonly kind: "resumed"; readonly scanTimestamp: number; readonly selected: readonly string[] }
  /** Another scanner is running the scan, or it is done: nothing to do. */
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
  /**
   * Stores the ranked universe (a separate item) and the coins taken. The first universe written for a scan stays: a
   * later scanner, which ranked at another time, receives that one and continues with its coins.
   */
  recordUniverse(
    scanId: string,
    universe: readonly UniverseEntry[],
    selected: readonly string[],
    timeframes: readonly Timeframe[],
  ): Promise<readonly UniverseEntry[]>;
  markPublished(scanId: string): Promise<void>;
  /**
   * Counts the end of one task once, however often it is reported. A `failed` task that succeeds later is recounted; a
   * success never becomes a failure. The last task sets `completedAt` and the duration.
   */
  recordTaskEnd(scanId: string, symbol: string, timeframe: Timeframe, end: TaskEnd): Promise<void>;
  get(scanId: string): Promise<ScanItem | null>;
  universe(scanId: string): Promise<readonly UniverseEntry[] | null>;
}

/** The result of taking a lease: this owner holds it, another holds it, or the work is done. */
export type LeaseTake = "taken" | "held" | "done";

/** Leases for periodic work (the selector's minute), stored in the scan-history table. */
export interface LeaseStore {
  /**
   * Takes the named lease exclusively. If the owner has not finished the work within `holdSeconds`, it is presumed dead
   * and another may take the lease.
   */
  take(
    name: string,
    owner: string,
    terms: { readonly lifeSeconds: number; readonly holdSeconds: number },
  ): Promise<LeaseTake>;
  /** Marks the work as done: the lease cannot be taken again. */
  finish(name: string, owner: string, terms: { readonly lifeSeconds: number }): Promise<void>;
  /** Releases the lease after a failure, so that the next owner need not wait. A lease of another owner is unchanged. */
  giveUp(name: string, owner: string, terms: { readonly lifeSeconds: number }): Promise<void>;
}
