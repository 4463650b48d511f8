/**
 * Closed candles of one symbol and interval, as columns. Index `i` covers
 * `[startMs + i * intervalMs, startMs + (i + 1) * intervalMs)`, so a hole cannot be expressed:
 * the builder of a value of this type has checked that none exists.
 * Prices are in quote currency, volume in base currency.
 */
export interface Candles {
  /** Length of one candle in milliseconds. */
  readonly intervalMs: number;
  /** Open time of the first candle, milliseconds since the epoch, a multiple of `intervalMs`. */
  readonly startMs: number;
  readonly length: number;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** Settled funding rates of one symbol, ascending in time. A rate of 0.0001 is 0.01 %. */
export interface FundingRates {
  readonly timeMs: Float64Array;
  readonly rate: Float64Array;
  readonly length: number;
}

/** Open time of candle `i` in milliseconds. */
export function openTimeMs(candles: Candles, i: number): number {
  return candles.startMs + i * candles.intervalMs;
}

/** The close time of the last candle (or `startMs` if there is none), in milliseconds. */
export function endMs(candles: Candles): number {
  return openTimeMs(candles, candles.length);
}
