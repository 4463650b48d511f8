import { type Candles, endMs, type FundingRates } from "#libs/candles/candles.ts";
import { HOUR_MS, MINUTE_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import type { CandleRange, MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { effectiveIntervalMs, FRAMES, frameIntervals } from "#libs/strategy/frames.ts";
import { FUNDING_MAX_AGE_MS, OFF_THE_MINUTE_MS } from "#libs/strategy/indicators/funding.ts";
import { BTC_SYMBOL, type StudyInput } from "#libs/strategy/study.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import { makePromiseCache } from "./promise-cache.ts";

/** The exchange lists a settlement a little after its hour. */
const FUNDING_DELAY_MS = 5 * MINUTE_MS;

export interface HistoryRequest {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** The first candle to decide on, inclusive. */
  readonly fromMs: number;
  /** End, exclusive: the last candle closes at or before it. */
  readonly toMs: number;
  readonly withBtc: boolean;
}

/** What the strategies see. */
export interface History {
  readonly input: StudyInput;
  /** Index of the first candle at or after `fromMs`; those before it are the warm-up. */
  readonly firstIndex: number;
}

export interface HistoryLoader {
  /** @throws MarketError as the market does. */
  load(request: HistoryRequest): Promise<History>;
}

export interface HistoryLoaderOptions {
  /**
   * How many candles are kept for the next requests, of all series together; one takes 40 bytes. BTCUSDT is
   * asked for with every coin of a scan, and the frames' candles of a coin change once an interval only.
   */
  readonly cacheSize?: number;
}

const DEFAULT_CACHE_SIZE = 300_000;

/** Loads histories, each series once for all requests that need the same one. */
export function makeHistoryLoader(market: MarketData, options: HistoryLoaderOptions = {}): HistoryLoader {
  const cacheSize = options.cacheSize ?? DEFAULT_CACHE_SIZE;
  const candleCache = makePromiseCache<Candles>(cacheSize);
  const fundingCache = makePromiseCache<FundingRates>(cacheSize);

  return {
    load: (request) =>
      loadHistory(
        {
          candles: (range) =>
            candleCache.get(
              `${range.symbol} ${range.intervalMs} ${range.fromMs} ${range.toMs}`,
              Math.max(1, (range.toMs - range.fromMs) / range.intervalMs),
              () => market.candles(range),
              // Ends early when the exchange's clock is behind: complete in a moment.
              (candles) => candles.length > 0 && endMs(candles) === range.toMs,
            ),
          fundingRates: (range) =>
            fundingCache.get(
              `${range.symbol} ${range.fromMs} ${range.toMs}`,
              Math.max(1, (range.toMs - range.fromMs) / HOUR_MS),
              () => market.fundingRates(range),
            ),
        },
        request,
      ),
  };
}

/** Loads everything a decision may rest on, from `fromMs` less the warm-up to `toMs`. */
export async function loadHistory(
  market: Pick<MarketData, "candles" | "fundingRates">,
  request: HistoryRequest,
): Promise<History> {
  const { symbol, timeframe } = request;
  const intervalMs = timeframeMs(timeframe);
  const toMs = alignedDown(request.toMs, intervalMs);
  const firstMs = alignedUp(request.fromMs, intervalMs);
  const startMs = firstMs - WARM_UP_CANDLES * intervalMs;

  const own = { symbol, intervalMs, fromMs: startMs, toMs };
  const frameRanges = frameRangesOf(symbol, timeframe, startMs, toMs);
  const [candles, frames, btc, funding] = await Promise.all([
    market.candles(own),
    Promise.all(frameRanges.map((range) => market.candles(range))),
    request.withBtc && symbol !== BTC_SYMBOL ? btcCandles(market, { ...own, symbol: BTC_SYMBOL }) : null,
    market.fundingRates({ symbol, ...fundingWindow(startMs, toMs) }),
  ]);
  if (candles.length > 0 && endMs(candles) === toMs) {
    assertReaches(frames, frameRanges);
    if (btc !== null) assertReaches([btc], [{ ...own, symbol: BTC_SYMBOL }]);
  }
  return {
    input: {
      symbol,
      timeframe,
      candles,
      frameCandles: new Map(frames.map((series) => [series.intervalMs, series])),
      btc: symbol === BTC_SYMBOL && request.withBtc ? candles : btc,
      funding,
    },
    firstIndex: Math.min(candles.length, Math.max(0, (firstMs - candles.startMs) / intervalMs)),
  };
}

/**
 * The frames' candles, native ones of the exchange: from a whole lookback before the first candle, so that
 * every frame has its window from the start. The timeframe's own interval is served by its candles.
 */
function frameRangesOf(symbol: string, timeframe: Timeframe, startMs: number, toMs: number): CandleRange[] {
  return frameIntervals(timeframe)
    .filter((intervalMs) => intervalMs > timeframeMs(timeframe))
    .map((intervalMs) => {
      const lookbackMs = Math.max(
        ...FRAMES.filter((frame) => effectiveIntervalMs(frame, timeframe) === intervalMs).map(
          (frame) => frame.lookbackMs,
        ),
      );
      return {
        symbol,
        intervalMs,
        fromMs: alignedDown(startMs, intervalMs) - lookbackMs,
        toMs: alignedDown(toMs, intervalMs),
      };
    });
}

/** An exchange without BTCUSDT has an unknown BTC trend; any other failure is one. */
async function btcCandles(market: Pick<MarketData, "candles">, range: CandleRange): Promise<Candles | null> {
  try {
    return await market.candles(range);
  } catch (error) {
    if (error instanceof MarketError && error.kind === "unknown-symbol") return null;
    throw error;
  }
}

/**
 * Rates are settled on whole hours, so the window that ends a little after the last hour serves until the
 * next one; before that moment the hour's own settlement may not be listed yet, and nothing is final. A
 * settlement stamped a few milliseconds after `toMs` counts at `toMs`: see `settlementMs`.
 */
function fundingWindow(startMs: number, toMs: number): { fromMs: number; toMs: number } {
  const listedMs = alignedDown(toMs, HOUR_MS) + FUNDING_DELAY_MS;
  return {
    fromMs: alignedDown(startMs, HOUR_MS) - FUNDING_MAX_AGE_MS,
    toMs: Math.min(toMs + OFF_THE_MINUTE_MS - 1, listedMs),
  };
}

/**
 * The symbol's own candles reach the end, so the end has passed on the exchange, and every other series must
 * reach it too. One that was read a moment earlier may not: then a frame would be absent without a reason.
 */
function assertReaches(series: readonly Candles[], ranges: readonly CandleRange[]): void {
  for (const [i, candles] of series.entries()) {
    const range = ranges[i];
    if (range === undefined || candles.length === 0 || endMs(candles) === range.toMs) continue;
    throw new MarketError(
      "retryable",
      `${range.symbol}: candles of ${range.intervalMs / MINUTE_MS} minutes end at ` +
        `${new Date(endMs(candles)).toISOString()}, before ${new Date(range.toMs).toISOString()}`,
    );
  }
}

function alignedDown(timeMs: number, intervalMs: number): number {
  return Math.floor(timeMs / intervalMs) * intervalMs;
}

function alignedUp(timeMs: number, intervalMs: number): number {
  return Math.ceil(timeMs / intervalMs) * intervalMs;
}
