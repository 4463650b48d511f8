import type { Candles } from "#libs/candles/candles.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { at } from "#libs/simulator/candle-page.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";

/** Candles and funding straight from a simulator's source, without HTTP, as the loaders of histories want them. */
export function sourceMarket(
  source: ExchangeSource,
  nowMs: number,
): Pick<MarketData, "candles" | "fundingRates"> {
  return {
    async candles({ symbol, intervalMs, fromMs, toMs }) {
      const listing = source.listing(symbol, nowMs);
      const page = source.candles({ symbol, intervalMs, fromMs, toMs: toMs - intervalMs, nowMs });
      const length =
        page.length > 0 && at(page.openMs, page.length - 1) + intervalMs > nowMs
          ? page.length - 1
          : page.length;
      const price = 10 ** (listing?.priceDecimals ?? 0);
      const quantity = 10 ** (listing?.quantityDecimals ?? 0);
      const column = (units: Float64Array, divisor: number) =>
        units.slice(0, length).map((value) => value / divisor);
      return {
        intervalMs,
        startMs: at(page.openMs, 0),
        length,
        open: column(page.open, price),
        high: column(page.high, price),
        low: column(page.low, price),
        close: column(page.close, price),
        volume: column(page.volume, quantity),
      } satisfies Candles;
    },
    async fundingRates({ symbol, fromMs, toMs }) {
      const rows = source.fundingRates(symbol, fromMs + 1, toMs, nowMs);
      return {
        length: rows.length,
        timeMs: Float64Array.from(rows, (row) => row.timeMs),
        rate: Float64Array.from(rows, (row) => row.rate),
      };
    },
  };
}
