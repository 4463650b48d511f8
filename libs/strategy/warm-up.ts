/** The first candle a decision is made about: the trends and averages before it have no full window. */
export const FIRST_DECISION_INDEX = 60;

/**
 * Candles to load before the first one that is decided about. The longest window is 60 candles (BTC trend) or 288
 * (a frame that is read in the timeframe itself: 240 of 30m, 288 of 5m), and Wilder's RSI remembers its
 * first value with a weight of (13/14)^n: below 1e-15 after 470, so that a longer history changes nothing that
 * a double can hold, and a live decision equals the backtest's.
 */
export const WARM_UP_CANDLES = 500;
