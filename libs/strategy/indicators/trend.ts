export type TrendDirection = "UP" | "DOWN" | "SIDEWAYS";

/** What counts as a trend. */
export interface TrendRule {
  /** Candles over which the change is measured, the current one included. */
  readonly window: number;
  /** Percent the price must have changed by. */
  readonly thresholdPercent: number;
  /** Weight of one percent of change in the strength. */
  readonly weight: number;
}

/** The symbol's own trend. */
export const COIN_TREND: TrendRule = { window: 30, thresholdPercent: 0.5, weight: 5 };
/** The market's: BTCUSDT in the same timeframe. */
export const BTC_TREND: TrendRule = { window: 60, thresholdPercent: 0.3, weight: 10 };

export function trendDirection(
  ma5: number,
  ma20: number,
  changePercent: number,
  thresholdPercent: number,
): TrendDirection {
  if (changePercent > thresholdPercent && ma5 > ma20) return "UP";
  if (changePercent < -thresholdPercent && ma5 < ma20) return "DOWN";
  return "SIDEWAYS";
}

/** 0 to 100. In a trend it grows with spread and change; sideways it falls from 50 as the averages part. */
export function trendStrength(
  direction: TrendDirection,
  ma5: number,
  ma20: number,
  changePercent: number,
  weight: number,
): number {
  const spread = Math.abs(((ma5 - ma20) / ma20) * 100);
  if (direction === "SIDEWAYS") return 50 - Math.min(50, spread * 25);
  return Math.min(100, spread * 50 + Math.abs(changePercent) * weight);
}
