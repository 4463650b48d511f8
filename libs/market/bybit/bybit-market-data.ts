import { shownValue } from "#libs/contracts/shown-value.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { backoffDelays } from "#libs/runtime/retry.ts";
import { makeSemaphore } from "#libs/runtime/semaphore.ts";
import type { Sleep } from "#libs/runtime/sleep.ts";
import type { CandleRecorder } from "../candle-recorder.ts";
import type { Instrument, MarketData } from "../market-data.ts";
import { MarketError } from "../market-error.ts";
import { makeBan } from "./ban.ts";
import { type MarketLogger, makeCall } from "./calls.ts";
import { makeBybitClient } from "./client.ts";
import { loadCandles } from "./load-candles.ts";
import { loadFunding } from "./load-funding.ts";
import { loadRecorded } from "./load-recorded.ts";
import { instrumentOf, tickerOf } from "./mapper.ts";
import { makePacer } from "./pacing.ts";
import { makeRestClient } from "./transport.ts";

export interface BybitOptions {
  /** For example `http://127.0.0.1:8080` for a simulator. Default: the live API. */
  readonly baseUrl?: string | undefined;
  readonly testnet?: boolean | undefined;
  /** Bybit allows an IP address 600 requests in 5 seconds; stay well below, as other processes may share it. */
  readonly requestsPerSecond: number;
  readonly logger?: MarketLogger | undefined;
  /**
   * Real time, for pacing, waits and the ban: by default the machine's monotonic clock and timers. Never the clock of a
   * simulated exchange, which may be stopped. The exchange's time decides what has closed.
   */
  readonly time?: {
    readonly nowMs?: () => number;
    readonly sleep?: Sleep;
    readonly random?: () => number;
  };
  /** The timeout of one request, including its response. Default 10 seconds. */
  readonly timeoutMs?: number | undefined;
  /** How long nothing is sent after "access too frequent". Default 10 minutes, as the exchange requires. */
  readonly banMs?: number | undefined;
  /** When it aborts, requests and waits end with a `retryable` error and no further request is sent. */
  readonly stopping?: AbortSignal | undefined;
  /** Waits between attempts of a failed request. Default 0.25, 1, 4 and 10 seconds. */
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** Waits before missing or invalid candles are fetched again. Default 0.5 and 2 seconds. */
  readonly refetchDelaysMs?: readonly number[] | undefined;
  /** Pages of one range requested at the same time. Default 4. */
  readonly pageConcurrency?: number | undefined;
  /** Public market data needs none. */
  readonly credentials?: { readonly key: string; readonly secret: string } | undefined;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** https://bybit-exchange.github.io/docs/v5/rate-limit: "wait at least 10 minutes". */
const DEFAULT_BAN_MS = 10 * 60_000;
const DEFAULT_RETRY_DELAYS_MS = backoffDelays({ firstMs: 250, factor: 4, capMs: 10_000, retries: 4 });
const DEFAULT_REFETCH_DELAYS_MS = [500, 2_000];
const DEFAULT_PAGE_CONCURRENCY = 4;
/** Enough for Bybit's limit of 120 requests a second with responses in 130 ms. */
const MAX_CONCURRENT_REQUESTS = 16;

/** Bybit's public v5 API for USDT perpetuals. One instance per process: it holds the rate limit and the ban. */
export function makeBybitMarketData(options: BybitOptions): MarketData & CandleRecorder {
  const { logger } = options;
  const { nowMs = monotonicMs, sleep, random } = options.time ?? {};
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const rest = makeRestClient({ ...options, timeoutMs });
  const pacer = makePacer({ requestsPerSecond: options.requestsPerSecond, nowMs, sleep });
  const call = makeCall({
    pacer,
    semaphore: makeSemaphore(MAX_CONCURRENT_REQUESTS),
    ban: makeBan(nowMs),
    timeoutMs,
    banMs: options.banMs ?? DEFAULT_BAN_MS,
    stopping: options.stopping,
    retryDelaysMs: options.retryDelaysMs ?? DEFAULT_RETRY_DELAYS_MS,
    logger,
    sleep,
    random,
  });
  const client = makeBybitClient(rest, call, logger);
  const loadPolicy = {
    concurrency: options.pageConcurrency ?? DEFAULT_PAGE_CONCURRENCY,
    refetchDelaysMs: options.refetchDelaysMs ?? DEFAULT_REFETCH_DELAYS_MS,
    sleep,
  };

  return {
    serverTimeMs: () => client.serverTimeMs(),
    async tickers() {
      return (await client.tickers()).map(tickerOf);
    },
    async instruments() {
      const instruments = new Map<string, Instrument>();
      const seen = new Set<string>();
      let cursor = "";
      do {
        // A repeated cursor would be followed for ever.
        if (seen.has(cursor)) {
          const shown = shownValue(cursor);
          throw new MarketError("retryable", `instruments: the exchange repeated the page cursor ${shown}`);
        }
        seen.add(cursor);
        const known = instruments.size;
        const page = await client.instruments(cursor);
        for (const row of page.rows) instruments.set(row.symbol, instrumentOf(row));
        // New cursors without new rows would be followed for ever too.
        if (page.nextCursor !== "" && instruments.size === known) {
          throw new MarketError("retryable", "instruments: the exchange sent a page without new rows");
        }
        cursor = page.nextCursor;
      } while (cursor !== "");
      return [...instruments.values()];
    },
    candles: (range) => loadCandles(client, range, loadPolicy),
    fundingRates: (range) => loadFunding(client, range),
    recordedCandles: (range) => loadRecorded(client, range, loadPolicy),
  };
}
