import type { CandleShape } from "./indicators/candle-shape.ts";
import type { ZoneRule } from "./indicators/confluence-zones.ts";
import type { FundingSentiment } from "./indicators/funding.ts";
import type { TrendDirection, TrendRule } from "./indicators/trend.ts";

/**
 * What a strategy sees: the market up to and including one closed candle. There is no way forward from here:
 * every answer is about the current candle or, with `back`, about one before it (a negative `back` throws).
 * Prices are in quote currency. Values are computed on demand, so read the cheap ones first.
 * What is undefined, for want of candles or because a band has no width, is NaN, which fails every comparison.
 */
export interface MarketView {
  open(back?: number): number;
  high(back?: number): number;
  low(back?: number): number;
  close(back?: number): number;
  volume(back?: number): number;
  /** A rising body that closes above the low before, or a hammer. */
  isBullishCandle(shape: CandleShape): boolean;
  /** A falling body that closes below the high before, or a shooting star. */
  isBearishCandle(shape: CandleShape): boolean;
  /** Percent from the close `window - 1` candles ago to the current one. */
  changePercent(window: number): number;
  /** Simple moving averages of the last 5 and 20 closes. */
  ma5(): number;
  ma20(): number;
  /** Bollinger(20, 2): two population deviations about `ma20`. */
  bandLower(): number;
  bandUpper(): number;
  /** `(upper - lower) / middle * 100`. */
  bandWidthPercent(): number;
  /** 0 at the lower band, 1 at the upper; NaN for a band without width. */
  percentB(): number;
  /** RSI(14), 0 to 100. */
  rsi(back?: number): number;
  coinTrend(rule: TrendRule): TrendDirection;
  coinTrendStrength(rule: TrendRule): number;
  /** BTCUSDT at the candle with the same open time; SIDEWAYS with strength 0 and change 0 when unknown. */
  btcTrend(rule: TrendRule): TrendDirection;
  /** Whether BTC trends in one direction: cheaper than to ask for the direction. */
  btcTrends(direction: "UP" | "DOWN", rule: TrendRule): boolean;
  btcTrendStrength(rule: TrendRule): number;
  btcChangePercent(rule: TrendRule): number;
  /** The rate last settled when the candle closed, as a fraction; null when unknown. */
  fundingRate(): number | null;
  fundingSentiment(heavyRate?: number): FundingSentiment;
  /** Fibonacci frames with a full window, 0 to 5. */
  frameCount(): number;
  /** Present frames that have a level of one of the ratios within `tolerance * close` of the close. */
  framesNearLevel(ratios: readonly number[], tolerance: number): number;
  /** Price of the highest confluence zone below the close, NaN where there is none. */
  support(rule: ZoneRule): number;
  /** Price of the lowest confluence zone above the close, NaN where there is none. */
  resistance(rule: ZoneRule): number;
  /** Percent of the close to the support; infinite where there is none. */
  supportDistancePercent(rule: ZoneRule): number;
  resistanceDistancePercent(rule: ZoneRule): number;
}
