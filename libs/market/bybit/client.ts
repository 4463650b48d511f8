import type { RestClientV5 } from "bybit-api";
import type { z } from "zod";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { MarketError } from "../market-error.ts";
import type { Call, MarketLogger } from "./calls.ts";
import { klineInterval } from "./mapper.ts";
import {
  type FundingRow,
  firstProblem,
  fundingRowSchema,
  type InstrumentRow,
  instrumentRowSchema,
  klineSchema,
  listSchema,
  pagedListSchema,
  parsed,
  refusal,
  type TickerRow,
  tickerRowSchema,
} from "./schema.ts";

/** The most candles one reply holds. */
export const KLINE_LIMIT = 1_000;
/** The most funding rates one reply holds. */
export const FUNDING_LIMIT = 200;
const INSTRUMENTS_LIMIT = 1_000;

export interface KlinePage {
  /** Newest first, each `[start, open, high, low, close, volume, turnover]` as text; not yet checked. */
  readonly rows: readonly unknown[];
  readonly timeMs: number;
}

/** Bybit's v5 market endpoints, category linear: one method an endpoint. */
export interface BybitClient {
  /** https://bybit-exchange.github.io/docs/v5/market/time */
  serverTimeMs(): Promise<number>;
  /** https://bybit-exchange.github.io/docs/v5/market/tickers */
  tickers(): Promise<readonly TickerRow[]>;
  /** One page. https://bybit-exchange.github.io/docs/v5/market/instrument */
  instruments(cursor: string): Promise<{ rows: readonly InstrumentRow[]; nextCursor: string }>;
  /**
   * Candles whose open times lie in `[startMs, endMs]`, the running one included.
   * https://bybit-exchange.github.io/docs/v5/market/kline
   */
  kline(page: { symbol: string; intervalMs: number; startMs: number; endMs: number }): Promise<KlinePage>;
  /**
   * The latest `FUNDING_LIMIT` rates settled in `[startMs, endMs]`, newest first. The exchange refuses a
   * start without an end. https://bybit-exchange.github.io/docs/v5/market/history-fund-rate
   */
  fundingHistory(page: { symbol: string; startMs: number; endMs: number }): Promise<readonly FundingRow[]>;
}

export function makeBybitClient(rest: RestClientV5, call: Call, logger?: MarketLogger): BybitClient {
  /**
   * Rows that do not parse are left out and said, so that one new kind of contract does not stop the whole
   * scan; when more than a tenth of them fails, the format has changed and nothing of it can be trusted.
   * Of rows with one symbol the first is taken: a scan would count its tasks once and wait for them twice.
   */
  function rowsOf<T extends { readonly symbol: string }>(
    subject: string,
    schema: z.ZodType<T>,
    list: readonly unknown[],
  ): T[] {
    const rows = new Map<string, T>();
    const leaveOut = (symbol: string, field: string, found: unknown, problem: string) =>
      logger?.warn(
        { subject, symbol, field, found: shownValue(found), problem },
        "row left out of the exchange's list",
      );
    let broken = 0;
    let refused: MarketError | null = null;
    for (const row of list) {
      const outcome = schema.safeParse(row);
      if (!outcome.success) {
        const symbol = parsedSymbol(row);
        const { field, found, problem } = firstProblem(outcome.error, row);
        refused ??= refusal(`${subject} ${symbol}`, field, found, problem);
        broken += 1;
        leaveOut(symbol, field, found, problem);
      } else if (rows.has(outcome.data.symbol)) {
        leaveOut(outcome.data.symbol, "symbol", outcome.data.symbol, "it is in the list twice");
      } else {
        rows.set(outcome.data.symbol, outcome.data);
      }
    }
    if (refused !== null && broken > list.length / 10) throw refused;
    return [...rows.values()];
  }

  return {
    async serverTimeMs() {
      return (await call("server time", () => rest.getServerTime())).timeMs;
    },

    async tickers() {
      const subject = "tickers";
      const { result } = await call(subject, () => rest.getTickers({ category: "linear" }));
      return rowsOf(subject, tickerRowSchema, parsed(subject, listSchema, result).list);
    },

    async instruments(cursor) {
      const subject = "instruments";
      const { result } = await call(subject, () =>
        rest.getInstrumentsInfo({
          category: "linear",
          limit: INSTRUMENTS_LIMIT,
          ...(cursor === "" ? {} : { cursor }),
        }),
      );
      const page = parsed(subject, pagedListSchema, result);
      return { rows: rowsOf(subject, instrumentRowSchema, page.list), nextCursor: page.nextPageCursor };
    },

    async kline({ symbol, intervalMs, startMs, endMs }) {
      const interval = klineInterval(intervalMs);
      if (interval === null) {
        throw new MarketError("rejected", `${symbol}: Bybit has no candles of ${intervalMs} ms`);
      }
      const subject = `kline ${symbol} ${interval}`;
      const { result, timeMs } = await call(subject, () =>
        rest.getKline({
          category: "linear",
          symbol,
          interval,
          start: startMs,
          end: endMs,
          limit: KLINE_LIMIT,
        }),
      );
      const page = parsed(subject, klineSchema, result);
      if (page.symbol !== "" && page.symbol !== symbol)
        throw refusal(subject, "symbol", page.symbol, `${symbol} was asked for`);
      return { rows: page.list, timeMs };
    },

    async fundingHistory({ symbol, startMs, endMs }) {
      const subject = `funding history ${symbol}`;
      const { result } = await call(subject, () =>
        rest.getFundingRateHistory({
          category: "linear",
          symbol,
          startTime: startMs,
          endTime: endMs,
          limit: FUNDING_LIMIT,
        }),
      );
      // A rate left out would be a cost left out: here every row must parse.
      return parsed(subject, listSchema, result).list.map((row) => parsed(subject, fundingRowSchema, row));
    },
  };
}

function parsedSymbol(row: unknown): string {
  const symbol = typeof row === "object" && row !== null && "symbol" in row ? row.symbol : undefined;
  return typeof symbol === "string" ? symbol.slice(0, 40) : "(no symbol)";
}
