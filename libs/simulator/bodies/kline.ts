import { at } from "../candle-page.ts";
import type { CandlePage, Listing } from "../source.ts";
import { JsonBytes } from "./json-bytes.ts";

/**
 * The reply of GET /v5/market/kline: rows `[start, open, high, low, close, volume, turnover]`, newest first,
 * every value a string. `repeatRow` writes that row twice, `dropRow` leaves it out (faults).
 * https://bybit-exchange.github.io/docs/v5/market/kline
 */
export function klineBody(
  listing: Pick<Listing, "symbol" | "priceDecimals" | "quantityDecimals">,
  page: CandlePage,
  timeMs: number,
  damage: { readonly dropRow?: number; readonly repeatRow?: number } = {},
): Buffer {
  const { priceDecimals, quantityDecimals } = listing;
  const json = new JsonBytes(page.length * 96 + 256);
  json
    .text('{"retCode":0,"retMsg":"OK","result":{"symbol":"')
    .text(listing.symbol)
    .text('","category":"linear","list":[');
  let separator = '["';
  for (let i = page.length - 1; i >= 0; i--) {
    if (i === damage.dropRow) continue;
    for (let copies = i === damage.repeatRow ? 2 : 1; copies > 0; copies--) {
      json.text(separator).fixed(at(page.openMs, i), 0).nextText();
      json.decimal(at(page.open, i), priceDecimals).nextText();
      json.decimal(at(page.high, i), priceDecimals).nextText();
      json.decimal(at(page.low, i), priceDecimals).nextText();
      json.decimal(at(page.close, i), priceDecimals).nextText();
      json.decimal(at(page.volume, i), quantityDecimals).nextText();
      json.decimal(at(page.turnover, i), 4);
      separator = '"],["';
    }
  }
  if (separator !== '["') json.text('"]');
  return json.text(']},"retExtInfo":{},"time":').fixed(timeMs, 0).text("}").view();
}
