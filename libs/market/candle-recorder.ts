/** A closed candle with all that the exchange says of it. Prices in USDT. */
export interface CandleRow {
  /** Milliseconds. */
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In the base coin. */
  readonly volume: number;
  /** In USDT; null where the exchange prints none. */
  readonly turnover: number | null;
}

export interface RecordRange {
  readonly symbol: string;
  /** One of `CANDLE_INTERVALS_MS`. */
  readonly intervalMs: number;
  /** First open time, inclusive, a multiple of the interval. */
  readonly fromMs: number;
  /** End, exclusive, a multiple of the interval. */
  readonly toMs: number;
  /**
   * When the range may begin before the listing: how far back the exchange is asked whether it has older candles.
   * Null when older candles are known, so that all of the range must be there.
   */
  readonly oldestMs: number | null;
}

export interface RecordedRange {
  /** In order of time; the running candle is never among them. */
  readonly rows: readonly CandleRow[];
  /** Open times of closed candles that the exchange did not give, even after they were fetched again; ascending. */
  readonly missingMs: readonly number[];
  /** What is wrong with the first that is missing; null when none is. */
  readonly problem: string | null;
  /** The exchange has no candle before the first row, or before the range's end when there is no row. */
  readonly isListing: boolean;
}

/** Candles to keep: unlike `MarketData.candles`, gaps are reported and do not cost the candles around them. */
export interface CandleRecorder {
  /** @throws MarketError as the market does, but never of kind `incomplete`. */
  recordedCandles(range: RecordRange): Promise<RecordedRange>;
}
