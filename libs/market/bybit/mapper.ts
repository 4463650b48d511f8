import type { FundingRates } from "#libs/candles/candles.ts";
import type { Instrument, Ticker } from "../market-data.ts";
import type { FundingRow, InstrumentRow, TickerRow } from "./schema.ts";

export function tickerOf(row: TickerRow): Ticker {
  return {
    symbol: row.symbol,
    lastPrice: row.lastPrice,
    highPrice24h: row.highPrice24h,
    lowPrice24h: row.lowPrice24h,
    priceChange24h: row.price24hPcnt * 100,
    turnover24h: row.turnover24h,
    fundingRate: row.fundingRate,
  };
}

export function instrumentOf(row: InstrumentRow): Instrument {
  return {
    symbol: row.symbol,
    baseCoin: row.baseCoin,
    quoteCoin: row.quoteCoin,
    contractType: row.contractType,
    symbolType: row.symbolType,
    status: row.status,
    // A contract announced without a date has not been listed yet.
    launchTimeMs: row.launchTime ?? Number.MAX_SAFE_INTEGER,
    deliveryTimeMs: row.deliveryTime,
    tickSize: row.priceFilter.tickSize,
    qtyStep: row.lotSizeFilter.qtyStep,
    minNotionalValue: row.lotSizeFilter.minNotionalValue,
    fundingIntervalMinutes: row.fundingInterval,
  };
}

/** Converts rows in any order, including rows that two pages share, to ascending columns without duplicates. */
export function fundingRatesOf(rows: readonly FundingRow[]): FundingRates {
  const byTime = new Map(rows.map((row) => [row.fundingRateTimestamp, row.fundingRate]));
  const ascending = [...byTime].sort(([a], [b]) => a - b);
  return {
    timeMs: Float64Array.from(ascending, ([timeMs]) => timeMs),
    rate: Float64Array.from(ascending, ([, rate]) => rate),
    length: ascending.length,
  };
}

/** The `interval` parameter of the kline endpoint: minutes, or D for a day. */
export function klineInterval(intervalMs: number): "1" | "3" | "5" | "15" | "30" | "240" | "D" | null {
  switch (intervalMs / 60_000) {
    case 1:
      return "1";
    case 3:
      return "3";
    case 5:
      return "5";
    case 15:
      return "15";
    case 30:
      return "30";
    case 240:
      return "240";
    case 1440:
      return "D";
    default:
      return null;
  }
}
