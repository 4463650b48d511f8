/** A contract as the simulated exchange lists it at a given time. */
export interface Listing {
  readonly symbol: string;
  readonly baseCoin: string;
  readonly quoteCoin: string;
  /** `LinearPerpetual` or `LinearFutures`. */
  readonly contractType: string;
  /** Empty or `innovation` for crypto; `stock`, `forex`, `commodity`. */
  readonly symbolType: string;
  readonly status: "Trading" | "Delivering";
  readonly launchTimeMs: number;
  /** Null for a perpetual that is not being delisted. */
  readonly deliveryTimeMs: number | null;
  /** Decimals of a formatted price; prices are whole multiples of `10 ** -priceDecimals`. */
  readonly priceDecimals: number;
  /** The tick in units of `10 ** -priceDecimals`: 1, 2 or 5, or 10 where prices end in a zero ("0.10"). */
  readonly tickUnits: number;
  /** Decimals of a formatted quantity; volumes are whole multiples of `10 ** -quantityDecimals`. */
  readonly quantityDecimals: number;
  /** The quantity step in units of `10 ** -quantityDecimals`. */
  readonly quantityStepUnits: number;
  readonly fundingIntervalMinutes: number;
  readonly maxLeverage: number;
  /** Open time of the contract's last candle; null while it is unknown. */
  readonly lastCandleMs: number | null;
}

/**
 * Candles as columns of whole numbers, ascending in time; gaps are possible (a recording may have some).
 * Prices in units of the listing's `priceDecimals`, volume in its `quantityDecimals`.
 */
export interface CandlePage {
  readonly length: number;
  readonly openMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** In ten-thousandths of the quote coin. */
  readonly turnover: Float64Array;
}

/** The last 24 hours of a contract up to a given time, in the units of `CandlePage`. */
export interface DayStatistics {
  readonly last: number;
  readonly previous24h: number;
  readonly previous1h: number;
  readonly high: number;
  readonly low: number;
  readonly volume: number;
  readonly turnover: number;
}

export interface FundingRow {
  readonly timeMs: number;
  readonly rate: number;
}

/**
 * The market of a simulated exchange. Every result depends only on the arguments, never on earlier calls, and contains
 * nothing that happened after `nowMs`.
 */
export interface ExchangeSource {
  readonly kind: "synthetic" | "recorded";
  /** One line that describes these prices. */
  readonly description: string;
  /** What was ignored and why, one line each. */
  readonly notes: readonly string[];
  /** Every contract listed at the given time, sorted by symbol. */
  listings(nowMs: number): readonly Listing[];
  listing(symbol: string, nowMs: number): Listing | null;
  /**
   * Candles that start within `[fromMs, toMs]`, both ends included, and have started by `nowMs`. The running candle is
   * included in its current state. At most a few thousand slots are requested at once.
   */
  candles(range: {
    readonly symbol: string;
    readonly intervalMs: number;
    readonly fromMs: number;
    readonly toMs: number;
    readonly nowMs: number;
  }): CandlePage;
  /** Null before the first candle. */
  dayStatistics(symbol: string, nowMs: number): DayStatistics | null;
  /** Rates settled within `[fromMs, toMs]` and by `nowMs`, ascending. */
  fundingRates(symbol: string, fromMs: number, toMs: number, nowMs: number): readonly FundingRow[];
  /** The next rate to be settled, as of `nowMs`. Null if the contract has none. */
  nextFunding(symbol: string, nowMs: number): FundingRow | null;
}
