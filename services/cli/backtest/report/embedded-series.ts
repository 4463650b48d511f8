import { aggregate, divides } from "#libs/candles/aggregate.ts";
import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { decimalsOf, type EncodedCandles, encodeCandles } from "#libs/chart/candle-codec.ts";
import type { EmbeddedSeries } from "#libs/chart/report-data.ts";

/** A trade as far as it needs candles: from its signal to its exit, or to the end of the data. */
export interface TradeSpan {
  readonly signalMs: number;
  readonly exitMs: number | null;
}

export interface EmbeddingLimits {
  /** Candles in the timeframe itself: five to six bytes each in the page. */
  readonly candles: number;
  /** Longer candles of the whole window when those do not suffice. */
  readonly overview: number;
}

export const EMBEDDING_LIMITS: EmbeddingLimits = { candles: 600_000, overview: 20_000 };

/** Longer candles that people are used to, each of which divides a day. */
const OVERVIEW_INTERVALS = [5, 15, 30, 60, 120, 240, 480, 1440].map((minutes) => minutes * MINUTE_MS);
/** Candles before a signal and after an exit, the most generous that fits. */
const CONTEXTS = [1000, 300, 100, 40];

interface Segment {
  readonly from: number;
  readonly to: number;
}

/**
 * All candles of a window while they are not too many; else those around every trade, and the whole window in
 * longer ones. Where even the trades need too many, the latest trades keep theirs.
 * @param candles the window alone
 */
export function embeddedSeries(
  candles: Candles,
  trades: readonly TradeSpan[],
  limits: EmbeddingLimits = EMBEDDING_LIMITS,
): EmbeddedSeries {
  const decimals = decimalsOf(candles);
  const whole = candles.length <= limits.candles;
  const { segments, without } = whole
    ? { segments: [{ from: 0, to: candles.length }], without: 0 }
    : aroundTrades(candles, trades, limits.candles);
  return {
    intervalMs: candles.intervalMs,
    decimals,
    segments: segments.map(({ from, to }) => encoded(candles, from, to, decimals)),
    overview: whole ? null : overview(candles, decimals, limits.overview),
    tradesWithoutCandles: without,
  };
}

function encoded(candles: Candles, from: number, to: number, decimals: number): EncodedCandles {
  return {
    startMs: openTimeMs(candles, from),
    count: to - from,
    bytes: encodeCandles(candles, from, to, decimals),
  };
}

function overview(candles: Candles, decimals: number, limit: number): EmbeddedSeries["overview"] {
  const fitting = OVERVIEW_INTERVALS.filter(
    (intervalMs) => intervalMs > candles.intervalMs && divides(candles.intervalMs, intervalMs),
  );
  const intervalMs =
    fitting.find((interval) => (candles.length * candles.intervalMs) / interval <= limit) ?? DAY_MS;
  const joined = aggregate(candles, intervalMs);
  return { ...encoded(joined, 0, joined.length, decimals), intervalMs };
}

function aroundTrades(
  candles: Candles,
  trades: readonly TradeSpan[],
  limit: number,
): { readonly segments: readonly Segment[]; readonly without: number } {
  const indexOf = (timeMs: number): number => Math.floor((timeMs - candles.startMs) / candles.intervalMs);
  const spans = trades
    .map(({ signalMs, exitMs }) => ({
      from: indexOf(signalMs),
      to: exitMs === null ? candles.length : indexOf(exitMs) + 1,
    }))
    .sort((a, b) => a.from - b.from);
  const within = (context: number): readonly Segment[] =>
    spans.map(({ from, to }) => ({
      from: Math.max(0, from - context),
      to: Math.min(candles.length, to + context),
    }));
  for (const context of CONTEXTS) {
    const segments = merged(within(context));
    if (total(segments) <= limit) return { segments, without: 0 };
  }
  const tight = within(CONTEXTS.at(-1) ?? 0);
  // The most trades, counted from the latest, whose segments fit: more trades never need fewer candles.
  let fits = 0;
  let tooMany = tight.length;
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >>> 1;
    if (total(merged(tight.slice(-middle))) <= limit) fits = middle;
    else tooMany = middle;
  }
  return { segments: fits === 0 ? [] : merged(tight.slice(-fits)), without: tight.length - fits };
}

/** @param segments ascending by their beginning */
function merged(segments: readonly Segment[]): readonly Segment[] {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const before = joined.at(-1);
    if (before === undefined || segment.from > before.to) joined.push(segment);
    else joined[joined.length - 1] = { from: before.from, to: Math.max(before.to, segment.to) };
  }
  return joined;
}

function total(segments: readonly Segment[]): number {
  return segments.reduce((sum, { from, to }) => sum + to - from, 0);
}
