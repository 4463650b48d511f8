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

/** The maximum number of candles in a response. */
export const KLINE_LIMIT = 1_000;
/** The maximum number of funding rates in a response. */
export const FUNDING_LIMIT = 200;
const INSTRUMENTS_LIMIT = 1_000;

export interface KlinePage {
  /** Newest first, each `[start, open, high, low, close, volume, turnover]` as text; not yet validated. */
  readonly rows: readonly unknown[];
  readonly timeMs: number;
}

/** Bybit's v5 market endpoints, category linear: one method per endpoint. */
export interface BybitClient {
  /** https://bybit-exchange.github.io/docs/v5/market/time */
  serverTimeMs(): Promise<number>;
  /** https://bybit-exchange.github.io/docs/v5/market/tickers */
  tickers(): Promise<readonly TickerRow[]>;
  /** One page. https://bybit-exchange.github.io/docs/v5/market/instrument */
  instruments(cursor: string): Promise<{ rows: readonly InstrumentRow[]; nextCursor: string }>;
  /**
   * Candles whose open times lie in `[startMs, endMs]`, including the running one.
   * https://bybit-exchange.github.io/docs/v5/market/kline
   */
  kline(page: { symbol: string; intervalMs: number; startMs: number; endMs: number }): Promise<KlinePage>;
  /**
   * The latest `FUNDING_LIMIT` rates settled in `[startMs, endMs]`, newest first. The exchange rejects a
   * start without an end. https://bybit-exchange.github.io/docs/v5/market/history-fund-rate
   */
  fundingHistory(page: { symbol: string; startMs: number; endMs: number }): Promise<readonly FundingRow[]>;
}

export function makeBybitClient(rest: RestClientV5, call: Call, logger?: MarketLogger): BybitClient {
  /**
   * Invalid rows are skipped and logged, so that one new kind of contract does not stop the whole scan. If more than a
   * tenth of them is invalid, the format has changed and the whole list is rejected. Of rows with the same symbol the
   * first is used: a scan would otherwise count its tasks once and wait for them twice.
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
        "invalid row of the exchange skipped",
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
        leaveOut(outcome.data.symbol, "symbol", outcome.data.symbol, "duplicate symbol");
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
        throw new MarketError("rejected", `${symbol}: Bybit has no ${intervalMs} ms candles`);
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
        throw refusal(subject, "symbol", page.symbol, `expected ${symbol}`);
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
      // A skipped rate would be a skipped cost: every row must be valid.
      return parsed(subject, listSchema, result).list.map((row) => parsed(subject, fundingRowSchema, row));
    },
  };
}

function parsedSymbol(row: unknown): string {
  const symbol = typeof row === "object" && row !== null && "symbol" in row ? row.symbol : undefined;
  return typeof symbol === "string" ? symbol.slice(0, 40) : "(no symbol)";
}
