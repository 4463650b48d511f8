import type { Timeframe } from "#libs/candles/timeframe.ts";
import type { ScanItem, UniverseEntry } from "#libs/contracts/scan-item.ts";

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
  /**
   * Stores the ranked universe (a separate item) and the coins taken. The first universe that is written for a
   * scan stays: whoever comes later, having ranked another moment, is given that one, to go on with its coins.
   */
  recordUniverse(
    scanId: string,
    universe: readonly UniverseEntry[],
    selected: readonly string[],
    timeframes: readonly Timeframe[],
  ): Promise<readonly UniverseEntry[]>;
  markPublished(scanId: string): Promise<void>;
  /**
   * Counts the end of one task once, however often it is told; a `failed` task that succeeds later moves over,
   * a success never becomes a failure. The last one sets `completedAt` and the duration.
   */
  recordTaskEnd(scanId: string, symbol: string, timeframe: Timeframe, end: TaskEnd): Promise<void>;
  get(scanId: string): Promise<ScanItem | null>;
  universe(scanId: string): Promise<readonly UniverseEntry[] | null>;
}

/** What a lease answers: it is this owner's now, another is at the work, or the work has been done. */
export type LeaseTake = "taken" | "held" | "done";

/** Leases for work that is done once a period (the selector's minute), kept in the scan-history table. */
export interface LeaseStore {
  /**
   * One of many takes the named lease. Its work may be done again by another when the owner has not finished it
   * within `holdSeconds`: it died.
   */
  take(
    name: string,
    owner: string,
    terms: { readonly lifeSeconds: number; readonly holdSeconds: number },
  ): Promise<LeaseTake>;
  /** The work is done: nobody takes the lease any more. */
  finish(name: string, owner: string, terms: { readonly lifeSeconds: number }): Promise<void>;
  /** The work failed: the next one need not wait. A lease that another has taken over stays as it is. */
  giveUp(name: string, owner: string, terms: { readonly lifeSeconds: number }): Promise<void>;
}
