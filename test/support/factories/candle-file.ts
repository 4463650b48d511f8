import { type Candles, openTimeMs } from "#libs/candles/candles.ts";

/** Candles as the text of a file. */
export function candleFileText(candles: Candles): string {
  const { open, high, low, close, volume, length } = candles;
  const lines = Array.from({ length }, (_, i) =>
    [openTimeMs(candles, i), open[i], high[i], low[i], close[i], volume[i], ""].join(","),
  );
  return `${["start_ms,open,high,low,close,volume,turnover", ...lines].join("\n")}\n`;
}
