import { HOUR_MS } from "#libs/candles/timeframe.ts";
import type { DayStatistics, FundingRow, Listing } from "../source.ts";
import { decimalText, fixedText } from "./json-bytes.ts";

/**
 * One row of GET /v5/market/tickers. Open interest, mark and index price, bid and ask are derived from the
 * last price: the simulator has no order book.
 * https://bybit-exchange.github.io/docs/v5/market/tickers
 */
export function tickerRow(
  listing: Listing,
  statistics: DayStatistics,
  funding: FundingRow | null,
): Record<string, string> {
  const { priceDecimals, quantityDecimals, tickUnits } = listing;
  const price = (units: number) => fixedText(units, priceDecimals);
  const quantity = (units: number) => fixedText(units, quantityDecimals);
  const { last, previous24h, previous1h } = statistics;
  // Twice the usual day's volume is held open, in whole steps.
  const step = listing.quantityStepUnits;
  const openInterest = Math.round((statistics.volume * 2) / step) * step;
  const openValue = openInterest * last;
  const value = (units: number) => (units / 10 ** (priceDecimals + quantityDecimals)).toFixed(2);
  const future = listing.contractType === "LinearFutures";
  return {
    symbol: listing.symbol,
    tickDirection: last >= previous1h ? "ZeroPlusTick" : "ZeroMinusTick",
    price24hPcnt: previous24h === 0 ? "0" : decimalText((last / previous24h - 1) * 1e6, 6),
    lastPrice: price(last),
    prevPrice24h: price(previous24h),
    highPrice24h: price(statistics.high),
    lowPrice24h: price(statistics.low),
    prevPrice1h: price(previous1h),
    markPrice: price(last),
    indexPrice: price(last),
    openInterest: quantity(openInterest),
    openInterestValue: value(openValue),
    turnover24h: fixedText(statistics.turnover, 4),
    volume24h: decimalText(statistics.volume, quantityDecimals),
    fundingIntervalHour: future ? "" : String((listing.fundingIntervalMinutes * 60_000) / HOUR_MS),
    fundingCap: future ? "" : "0.004",
    singleOpenInterest: quantity(Math.round(openInterest / 2 / step) * step),
    singleOpenInterestValue: value(openValue / 2),
    nextFundingTime: funding === null ? "0" : String(funding.timeMs),
    fundingRate: funding === null ? "" : rateText(funding.rate),
    bid1Price: price(Math.max(tickUnits, last - tickUnits)),
    bid1Size: quantity(step * 120),
    ask1Price: price(last),
    ask1Size: quantity(step * 90),
    preOpenPrice: "",
    preQty: "",
    curPreListingPhase: "",
    ...(future && listing.deliveryTimeMs !== null
      ? {
          deliveryTime: new Date(listing.deliveryTimeMs).toISOString().replace(".000", ""),
          basis: "0",
          basisRate: "0",
          predictedDeliveryPrice: "",
          deliveryFeeRate: "0",
        }
      : {}),
  };
}

/** A funding rate as Bybit prints it: at most eight decimals, no zeros at the end. */
export function rateText(rate: number): string {
  return decimalText(rate * 1e8, 8);
}
