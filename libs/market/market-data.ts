import type { Candles, FundingRates } from "#libs/candles/candles.ts";

/** One row of the exchange's 24-hour statistics. Prices in USDT, turnover in USDT over 24 hours. */
export interface Ticker {
  readonly symbol: string;
  readonly lastPrice: number;
  readonly highPrice24h: number;
  readonly lowPrice24h: number;
  /** Change over 24 hours in percent: 1.5 means +1.5 %. */
  readonly priceChange24h: number;
  readonly turnover24h: number;
  /** The next rate to be settled, as a fraction. Null if the exchange reports none. */
  readonly fundingRate: number | null;
}

/** A contract as the exchange describes it; `tradability` decides whether it is traded. */
export interface Instrument {
  readonly symbol: string;
  readonly baseCoin: string;
  readonly quoteCoin: string;
  /** Bybit's contract type, for example `LinearPerpetual` or `LinearFutures`. */
  readonly contractType: string;
  /** Bybit's symbol type: empty or `innovation` for crypto; `stock`, `forex`, `commodity` are not. */
  readonly symbolType: string;
  /** `Trading` is the only status in which orders are matched normally. */
  readonly status: string;
  readonly launchTimeMs: number;
  /** Milliseconds; null for a perpetual that is not being delisted. */
  readonly deliveryTimeMs: number | null;
  /** The smallest price step, as text: "0.10", which preserves the number of decimals. */
  readonly tickSize: string;
  readonly qtyStep: string;
  readonly minNotionalValue: number | null;
  readonly fundingIntervalMinutes: number;
}

/** Candle intervals the exchange serves natively: the five timeframes and those of the Fibonacci frames. */
export const CANDLE_INTERVALS_MS = [1, 3, 5, 15, 30, 240, 1440].map((minutes) => minutes * 60_000);

export interface CandleRange {
  readonly symbol: string;
  /** One of `CANDLE_INTERVALS_MS`. */
  readonly intervalMs: number;
  /** The first open time, inclusive; rounded up to the interval. */
  readonly fromMs: number;
  /** End, exclusive: the last candle returned closes at or before it. */
  readonly toMs: number;
}

/**
 * What the pipeline needs from an exchange. Every failure is a `MarketError`.
 */
export interface MarketData {
  /** The exchange's clock, milliseconds since the epoch. */
  serverTimeMs(): Promise<number>;
  /** 24-hour statistics of every linear symbol. */
  tickers(): Promise<readonly Ticker[]>;
  /** Every linear contract, all pages, including those that must not be traded. */
  instruments(): Promise<readonly Instrument[]>;
  /**
   * Closed candles of a range, without gaps and without the running candle. A symbol listed after `fromMs` starts at
   * its first candle; a range without candles has length 0. If candles are missing in the middle or at the end (the
   * range's last closed candle at server time), they are fetched again, and a `MarketError` of kind `incomplete` is
   * thrown if they are still missing.
   */
  candles(range: CandleRange): Promise<Candles>;
  /** Rates settled in `(fromMs, toMs]`, ascending. */
  fundingRates(range: { symbol: string; fromMs: number; toMs: number }): Promise<FundingRates>;
}
