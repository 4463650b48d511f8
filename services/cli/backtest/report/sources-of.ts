import { basename } from "node:path";
import type { MarketFiles } from "../../shared/load-market.ts";

/** What a backtest rests on and what it had to do without, as sentences for the page. */
export function sourcesOf(files: MarketFiles & { readonly detail?: string }): readonly string[] {
  const { candles, btc, funding, detail } = files;
  const name = (path: string): string => basename(path);
  return [
    `Candles from ${name(candles)}.`,
    btc === undefined
      ? "No candles of BTCUSDT: unless it is itself what was traded, its trend counted as sideways."
      : `The market's trend from ${name(btc)}.`,
    funding === undefined
      ? "No funding history: nothing was paid or received, and the crowd counted as neutral."
      : `Funding rates from ${name(funding)}.`,
    ...(detail === undefined ? [] : [`Stop or target in one candle decided by ${name(detail)}.`]),
  ];
}
