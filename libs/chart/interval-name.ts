import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";

/** A candle length as the page writes it: "15 m", "4 h", "1 d". */
export function intervalName(intervalMs: number): string {
  if (intervalMs % DAY_MS === 0) return `${intervalMs / DAY_MS} d`;
  return intervalMs % HOUR_MS === 0 ? `${intervalMs / HOUR_MS} h` : `${intervalMs / MINUTE_MS} m`;
}
