import { type Candles, endMs, type FundingRates } from "#libs/candles/candles.ts";
import { HOUR_MS, MINUTE_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import type { CandleRange, MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { effectiveIntervalMs, FRAMES, frameIntervals } from "#libs/strategy/frames.ts";
import { FUNDING_MAX_AGE_MS, OFF_THE_MINUTE_MS } from "#libs/strategy/indicators/funding.ts";
import { BTC_SYMBOL, type StudyInput } from "#libs/strategy/study.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import { makePromiseCache } from "./promise-cache.ts";

/** The exchange publishes a settlement shortly after its hour. */
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
   * The cache size in candles of all series; a candle takes 40 bytes. BTCUSDT is requested with every coin of a scan,
   * and a coin's frame candles change only once per interval.
   */
  readonly cacheSize?: number;
}

const DEFAULT_CACHE_SIZE = 300_000;

/** Loads histories; requests for the same series share one load. */
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
              // A series that ends early, because the exchange's clock lags, will soon be complete.
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

/** Loads everything that a decision may depend on, from `fromMs` minus the warm-up to `toMs`. */
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
 * The frames' candles, native candles of the exchange: from a whole lookback before the first candle, so that every
 * frame is complete from the start. The timeframe's own interval uses its candles.
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

/** On an exchange without BTCUSDT the BTC trend is unknown; any other failure is rethrown. */
async function btcCandles(market: Pick<MarketData, "candles">, range: CandleRange): Promise<Candles | null> {
  try {
    return await market.candles(range);
  } catch (error) {
    if (error instanceof MarketError && error.kind === "unknown-symbol") return null;
    throw error;
  }
}

/**
 * Rates are settled on whole hours, so a window that ends shortly after the last hour is valid until the next one;
 * before that time the hour's settlement may not be published yet, and nothing is final. A settlement stamped a few
 * milliseconds after `toMs` counts at `toMs`: see `settlementMs`.
 */
function fundingWindow(startMs: number, toMs: number): { fromMs: number; toMs: number } {
  const listedMs = alignedDown(toMs, HOUR_MS) + FUNDING_DELAY_MS;
  return {
    fromMs: alignedDown(startMs, HOUR_MS) - FUNDING_MAX_AGE_MS,
    toMs: Math.min(toMs + OFF_THE_MINUTE_MS - 1, listedMs),
  };
}

/**
 * The symbol's own candles reach the end, so the end has passed on the exchange, and every other series must reach it
 * too. A series that was read a moment earlier may not: then a frame would be missing without a reason.
 */
function assertReaches(series: readonly Candles[], ranges: readonly CandleRange[]): void {
  for (const [i, candles] of series.entries()) {
    const range = ranges[i];
    if (range === undefined || candles.length === 0 || endMs(candles) === range.toMs) continue;
    throw new MarketError(
      "retryable",
      `${range.symbol}: ${range.intervalMs / MINUTE_MS}-minute candles end at ` +
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
