import type { Timeframe } from "#libs/candles/timeframe.ts";
import type { ResultsItem, TimeframeResult } from "#libs/contracts/results-item.ts";

/** The coin and scan a result belongs to: everything comes from the task, nothing from the worker. */
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
  /** Stored with the optimum when this timeframe becomes it. */
  readonly btcCorrelation: number | null;
  readonly trendAnalysis: NonNullable<ResultsItem["trendAnalysis"]> | null;
}

export type RecordOutcome =
  /** The timeframe's entry is now this result. */
  | { readonly kind: "recorded" }
  /** It had been recorded before, and ended as `status` says: a repeated delivery; nothing was changed. */
  | { readonly kind: "repeated"; readonly status: TimeframeResult["status"] }
  /** The scan's life is over: an item that TTL may have removed must not be born again. */
  | { readonly kind: "expired" };

export interface ResultsStore {
  /**
   * Sets the entry of one timeframe in the coin's item, creating the item when it is the first, and keeps
   * optimum and status right under any order, concurrency and repetition, without read-modify-write.
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
   * The items with status `active` that have not expired and that newer ones of the same coin have not overtaken in
   * every timeframe, newest scan first.
   */
  active(): Promise<readonly ResultsItem[]>;
  /** The items of one scan, by any status, highest optimal PnL first (those without one last). */
  ofScan(scanId: string): Promise<readonly ResultsItem[]>;
}
