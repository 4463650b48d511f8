import { envelope, refusalBody } from "./bodies/envelope.ts";
import { instrumentRow } from "./bodies/instrument.ts";
import { klineBody } from "./bodies/kline.ts";
import { rateText, tickerRow } from "./bodies/ticker.ts";
import { at, CandlePageBuilder } from "./candle-page.ts";
import type { FaultKind } from "./faults.ts";
import { intervalMsOf, klineWindow } from "./kline-window.ts";
import type { CandlePage, ExchangeSource, Listing } from "./source.ts";

export interface MarketRequest {
  readonly source: ExchangeSource;
  readonly query: URLSearchParams;
  readonly nowMs: number;
  /** A fault of the data, not of the transport. */
  readonly fault: FaultKind | null;
}

export type Route = (request: MarketRequest) => string | Buffer;

/** The endpoints of Bybit's v5 market API that are simulated, category `linear` only. */
export const ROUTES: Readonly<Record<string, Route>> = {
  "/v5/market/time": serverTime,
  "/v5/market/kline": kline,
  "/v5/market/tickers": tickers,
  "/v5/market/instruments-info": instruments,
  "/v5/market/funding/history": fundingHistory,
};

/** A rejected request: Bybit responds with HTTP 200 and the reason in the body. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";
  readonly retCode: number;
  /** The `result` of the response. */
  readonly result: object;

  constructor(message: string, result: object = {}, retCode = 10001) {
    super(message);
    this.retCode = retCode;
    this.result = result;
  }

  body(nowMs: number): string {
    return refusalBody(this.retCode, this.message, nowMs, this.result);
  }
}

const SYMBOL_INVALID = "params error: symbol invalid";

/** https://bybit-exchange.github.io/docs/v5/market/time */
function serverTime({ nowMs }: MarketRequest): string {
  const second = Math.floor(nowMs / 1000);
  return envelope(`{"timeSecond":"${second}","timeNano":"${nowMs}000000"}`, nowMs);
}

function kline({ source, query, nowMs, fault }: MarketRequest): Buffer {
  // Only for klines the category is optional.
  if (query.has("category")) assertLinear(query);
  const intervalMs = intervalMsOf(query.get("interval"));
  if (intervalMs === null) throw new RefusedRequest("Invalid period!");
  const symbol = query.get("symbol") ?? "";
  const listing = source.listing(symbol, nowMs);
  // The only endpoint with its own message for it.
  if (listing === null) throw new RefusedRequest("Not supported symbols");
  const limit = wholeNumber(query, "limit", { least: 1, most: 1000 }) ?? 200;
  const startMs = wholeNumber(query, "start", { least: 0 });
  const endMs = wholeNumber(query, "end", { least: 0 });
  if (startMs !== null && endMs !== null && startMs > endMs) {
    throw new RefusedRequest("params error: start is after end");
  }
  const newestMs = Math.min(nowMs, listing.lastCandleMs ?? nowMs);
  const window = klineWindow({ intervalMs, startMs, endMs, limit, newestMs });
  const page = source.candles({ symbol, intervalMs, ...window, nowMs });
  if (fault === "hole" && page.length > 2)
    return klineBody(listing, page, nowMs, { dropRow: page.length >> 1 });
  if (fault === "duplicate" && page.length > 0) {
    return klineBody(listing, page, nowMs, { repeatRow: page.length >> 1 });
  }
  if (fault === "running-candle") {
    const runningMs = Math.floor(newestMs / intervalMs) * intervalMs;
    const running = source.candles({ symbol, intervalMs, fromMs: runningMs, toMs: runningMs, nowMs });
    if (window.toMs < runningMs) return klineBody(listing, joined(page, running), nowMs);
  }
  return klineBody(listing, page, nowMs);
}

function joined(first: CandlePage, second: CandlePage): CandlePage {
  const page = new CandlePageBuilder(first.length + second.length);
  for (const part of [first, second]) {
    for (let i = 0; i < part.length; i++) {
      page.push(
        at(part.openMs, i),
        at(part.open, i),
        at(part.high, i),
        at(part.low, i),
        at(part.close, i),
        at(part.volume, i),
        at(part.turnover, i),
      );
    }
  }
  return page;
}

function tickers({ source, query, nowMs }: MarketRequest): string {
  assertLinear(query);
  const rows: string[] = [];
  for (const listing of chosenListings(source, query, nowMs)) {
    const statistics = source.dayStatistics(listing.symbol, nowMs);
    if (statistics === null) continue;
    const funding = source.nextFunding(listing.symbol, nowMs);
    rows.push(JSON.stringify(tickerRow(listing, statistics, funding)));
  }
  return envelope(`{"category":"linear","list":[${rows.join(",")}]}`, nowMs);
}

function instruments({ source, query, nowMs }: MarketRequest): string {
  assertLinear(query);
  const limit = wholeNumber(query, "limit", { least: 1, most: 1000 }) ?? 500;
  const status = query.get("status");
  const all = chosenListings(source, query, nowMs).filter(
    (listing) => status === null || status === "" || listing.status === status,
  );
  const after = cursorSymbol(query.get("cursor"));
  const from = after === null ? 0 : all.findIndex((listing) => listing.symbol > after);
  const page = from < 0 ? [] : all.slice(from, from + limit);
  const more = from >= 0 && from + limit < all.length;
  const rows = page.map((listing) => JSON.stringify(instrumentRow(listing))).join(",");
  const cursor = more ? cursorOf(page) : "";
  return envelope(`{"category":"linear","list":[${rows}],"nextPageCursor":"${cursor}"}`, nowMs);
}

/** https://bybit-exchange.github.io/docs/v5/market/history-fund-rate */
function fundingHistory({ source, query, nowMs }: MarketRequest): string {
  assertLinear(query);
  const symbol = query.get("symbol") ?? "";
  if (source.listing(symbol, nowMs) === null) throw new RefusedRequest(SYMBOL_INVALID);
  const limit = wholeNumber(query, "limit", { least: 1, most: 200 }) ?? 200;
  const startMs = wholeNumber(query, "startTime", { least: 0 });
  const endMs = wholeNumber(query, "endTime", { least: 0 });
  if (startMs !== null && endMs === null) {
    throw new RefusedRequest("params error: endTime must be given with startTime");
  }
  const toMs = Math.min(endMs ?? nowMs, nowMs);
  // The shortest interval is an hour: no more than `limit` of the longest, 8 hours, are ever needed.
  const fromMs = Math.max(startMs ?? 0, toMs - limit * 8 * 3_600_000);
  const rows = source.fundingRates(symbol, fromMs, toMs, nowMs).slice(-limit).reverse();
  const list = rows.map(
    ({ timeMs, rate }) =>
      `{"symbol":"${symbol}","fundingRate":"${rateText(rate)}","fundingRateTimestamp":"${timeMs}"}`,
  );
  return envelope(`{"category":"linear","list":[${list.join(",")}]}`, nowMs);
}

function assertLinear(query: URLSearchParams): void {
  if (query.get("category") !== "linear") throw new RefusedRequest("params error: Category is invalid");
}

function chosenListings(source: ExchangeSource, query: URLSearchParams, nowMs: number): readonly Listing[] {
  const symbol = query.get("symbol");
  const baseCoin = query.get("baseCoin");
  if (symbol !== null && symbol !== "") {
    const listing = source.listing(symbol, nowMs);
    if (listing === null) {
      throw new RefusedRequest(SYMBOL_INVALID, { category: "", list: [], nextPageCursor: "" });
    }
    return [listing];
  }
  const all = source.listings(nowMs);
  return baseCoin === null || baseCoin === "" ? all : all.filter((listing) => listing.baseCoin === baseCoin);
}

/** Null when absent. */
function wholeNumber(
  query: URLSearchParams,
  name: string,
  bounds: { readonly least: number; readonly most?: number },
): number | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  const value = Number(text);
  const most = bounds.most ?? Number.MAX_SAFE_INTEGER;
  if (!/^\d+$/.test(text) || value < bounds.least || value > most) {
    throw new RefusedRequest(`params error: ${name} invalid`);
  }
  return value;
}

/** Bybit's cursor names the first and last symbol of the page, percent-encoded once more. */
function cursorOf(page: readonly Listing[]): string {
  return encodeURIComponent(`first=${page.at(0)?.symbol ?? ""}&last=${page.at(-1)?.symbol ?? ""}`);
}

function cursorSymbol(cursor: string | null): string | null {
  if (cursor === null || cursor === "") return null;
  const last = /(?:^|&)last=([^&]+)/.exec(cursor.includes("%") ? decoded(cursor) : cursor)?.[1];
  if (last === undefined) throw new RefusedRequest("params error: cursor invalid");
  return last;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RefusedRequest("params error: cursor invalid");
  }
}
