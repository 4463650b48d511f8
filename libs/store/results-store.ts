import type { Timeframe } from "#libs/candles/timeframe.ts";
import type { ResultsItem, TimeframeResult } from "#libs/contracts/results-item.ts";

/** The coin and scan of a result: all fields come from the task, none from the worker. */
export interface ResultIdentity {
  readonly symbol: string;
  /** Seconds. */
  readonly scanTimestamp: number;
  readonly scanId: string;
  readonly volatility24h: number;
  readonly turnover24h: number;
  readonly price: number;
  readonly priceChange24h: number;
}

export interface TimeframeOutcome {
  readonly timeframe: Timeframe;
  readonly result: TimeframeResult;
  /** Stored with the optimum if this timeframe becomes the optimum. */
  readonly btcCorrelation: number | null;
  readonly trendAnalysis: NonNullable<ResultsItem["trendAnalysis"]> | null;
}

export type RecordOutcome =
  /** The result is stored as the timeframe's entry. */
  | { readonly kind: "recorded" }
  /** A redelivery: it was recorded before with this `status`; nothing changed. */
  | { readonly kind: "repeated"; readonly status: TimeframeResult["status"] }
  /** The scan has expired: an item that TTL may have removed must not be created again. */
  | { readonly kind: "expired" };

export interface ResultsStore {
  /**
   * Sets the entry of one timeframe in the coin's item, creating the item for the first one, and keeps optimum and
   * status correct under any order, concurrency and repetition, without read-modify-write.
   * A `failed` entry may be replaced by a later success; a success is never replaced.
   */
  record(
    identity: ResultIdentity,
    outcome: TimeframeOutcome,
    timeframesOfScan: readonly Timeframe[],
    analyzerId: string,
  ): Promise<RecordOutcome>;
  /** Null when there is none or it has expired. */
  get(symbol: string, scanTimestamp: number): Promise<ResultsItem | null>;
  /**
   * The items with status `active` that have not expired and are not superseded in every timeframe by newer items of
   * the same coin, newest scan first.
   */
  active(): Promise<readonly ResultsItem[]>;
  /** The items of one scan with any status, highest optimal PnL first (those without one last). */
  ofScan(scanId: string): Promise<readonly ResultsItem[]>;
}
