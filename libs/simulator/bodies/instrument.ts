import type { Listing } from "../source.ts";
import { fixedText } from "./json-bytes.ts";

/**
 * One row of GET /v5/market/instruments-info.
 * https://bybit-exchange.github.io/docs/v5/market/instrument
 */
export function instrumentRow(listing: Listing): Record<string, unknown> {
  const { priceDecimals, tickUnits, quantityDecimals, quantityStepUnits } = listing;
  const price = (units: number) => fixedText(units, priceDecimals);
  const quantity = (units: number) => fixedText(units, quantityDecimals);
  return {
    symbol: listing.symbol,
    symbolId: idOf(listing.symbol),
    contractType: listing.contractType,
    status: listing.status,
    baseCoin: listing.baseCoin,
    quoteCoin: listing.quoteCoin,
    launchTime: String(listing.launchTimeMs),
    deliveryTime: String(listing.deliveryTimeMs ?? 0),
    deliveryFeeRate: "",
    priceScale: String(priceDecimals),
    leverageFilter: { minLeverage: "1", maxLeverage: listing.maxLeverage.toFixed(2), leverageStep: "0.01" },
    priceFilter: {
      minPrice: price(tickUnits),
      maxPrice: price(tickUnits * 19_999_998),
      tickSize: price(tickUnits),
    },
    lotSizeFilter: {
      maxOrderQty: quantity(quantityStepUnits * 1_190_000),
      minOrderQty: quantity(quantityStepUnits),
      qtyStep: quantity(quantityStepUnits),
      postOnlyMaxOrderQty: quantity(quantityStepUnits * 1_190_000),
      maxMktOrderQty: quantity(quantityStepUnits * 500_000),
      minNotionalValue: "5",
    },
    unifiedMarginTrade: true,
    fundingInterval: listing.fundingIntervalMinutes,
    settleCoin: listing.quoteCoin,
    copyTrading: "none",
    upperFundingRate: "0.004",
    lowerFundingRate: "-0.004",
    isPreListing: false,
    preListingInfo: null,
    riskParameters: { priceLimitRatioX: "0.05", priceLimitRatioY: "0.1" },
    symbolType: listing.symbolType,
  };
}

/** Bybit numbers its symbols; here the number must only be stable. */
function idOf(symbol: string): number {
  let id = 0;
  for (let i = 0; i < symbol.length; i++) id = (id * 31 + symbol.charCodeAt(i)) % 100_000;
  return id + 1;
}
