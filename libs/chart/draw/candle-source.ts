import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { decodeCandles, type PriceColumns } from "../candle-codec.ts";
import type { EmbeddedSeries } from "../report-data.ts";

/** Consecutive candles of one interval, ready to be drawn. */
export interface CandleSlice extends PriceColumns {
  readonly startMs: number;
  readonly intervalMs: number;
  readonly length: number;
}

/** A span of time, `[fromMs, toMs)`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const INTERVALS = [1, 3, 5, 15, 30]
  .map((minutes) => minutes * MINUTE_MS)
  .concat([1, 2, 4, 8, 12].map((hours) => hours * HOUR_MS))
  .concat([1, 2, 4, 7, 14, 28].map((days) => days * DAY_MS));

/** Share of the view that may lie beyond the candles that are held. */
const EDGE_SLACK = 0.15;

/** The embedded candles, joined to whatever length suits the segment that is looked at. */
export class CandleSource {
  readonly #segments: readonly CandleSlice[];
  /** What covers the whole window: the only segment, or the longer candles. */
  readonly #whole: CandleSlice;
  readonly #intervalMs: number;

  constructor(series: EmbeddedSeries) {
    const { decimals, intervalMs } = series;
    this.#intervalMs = intervalMs;
    this.#segments = series.segments.map((segment) => ({
      startMs: segment.startMs,
      intervalMs,
      length: segment.count,
      ...decodeCandles(segment, decimals),
    }));
    const { overview } = series;
    const first = this.#segments[0];
    if (overview !== null) {
      this.#whole = {
        startMs: overview.startMs,
        intervalMs: overview.intervalMs,
        length: overview.count,
        ...decodeCandles(overview, decimals),
      };
    } else if (first !== undefined) {
      this.#whole = first;
    } else {
      throw new RangeError("the page holds no candles");
    }
  }

  /** The candle lengths a span of time can be shown in, shortest first. */
  intervalsFor(span: Span): readonly number[] {
    const source = this.#sourceOf(span);
    return [
      source.intervalMs,
      ...INTERVALS.filter((interval) => interval > source.intervalMs && interval % source.intervalMs === 0),
    ];
  }

  /** Candles of an interval that touch a span of time, and no more than there are. */
  slice(span: Span, intervalMs: number, shown: Span): CandleSlice {
    const source = intervalMs < this.#whole.intervalMs ? this.#sourceOf(shown) : this.#whole;
    const first = Math.max(0, Math.floor((span.fromMs - source.startMs) / source.intervalMs));
    const end = Math.min(source.length, Math.ceil((span.toMs - source.startMs) / source.intervalMs));
    return joined(source, Math.min(first, source.length), Math.max(first, end), intervalMs);
  }

  /** As much of a span as is held in the candles' own length, if that is where its core is; else the span. */
  within(span: Span, core: Span): Span {
    const segment = this.#segments.find(
      ({ startMs, intervalMs, length }) =>
        startMs <= core.fromMs && startMs + length * intervalMs >= core.toMs,
    );
    if (segment === undefined || segment === this.#whole) return span;
    return {
      fromMs: Math.max(span.fromMs, segment.startMs),
      toMs: Math.min(span.toMs, segment.startMs + segment.length * segment.intervalMs),
    };
  }

  /** The candles' own interval, whatever is shown. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** The finest series that holds a whole span of time. */
  #sourceOf({ fromMs, toMs }: Span): CandleSlice {
    const { startMs, intervalMs, length } = this.#whole;
    const from = Math.max(fromMs, startMs);
    const to = Math.min(toMs, startMs + length * intervalMs);
    // A little beyond its edge a segment still shows more than longer candles would.
    const slack = (to - from) * EDGE_SLACK;
    const holding = this.#segments.find(
      (segment) =>
        segment.startMs <= from + slack &&
        segment.startMs + segment.length * segment.intervalMs >= to - slack,
    );
    return holding ?? this.#whole;
  }
}

/** Candles `[first, end)` of a series in longer ones. The outer two may be joined from fewer than the others. */
function joined(source: CandleSlice, first: number, end: number, intervalMs: number): CandleSlice {
  const openTimeMs = source.startMs + first * source.intervalMs;
  if (intervalMs === source.intervalMs || end <= first) {
    return {
      startMs: openTimeMs,
      intervalMs,
      length: Math.max(0, end - first),
      open: source.open.subarray(first, end),
      high: source.high.subarray(first, end),
      low: source.low.subarray(first, end),
      close: source.close.subarray(first, end),
    };
  }
  const startMs = Math.floor(openTimeMs / intervalMs) * intervalMs;
  const endMs = source.startMs + end * source.intervalMs;
  const length = Math.ceil((endMs - startMs) / intervalMs);
  const open = new Float64Array(length);
  const high = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
  const low = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
  const close = new Float64Array(length);
  let before = -1;
  for (let i = first; i < end; i++) {
    const bucket = Math.floor((source.startMs + i * source.intervalMs - startMs) / intervalMs);
    if (bucket !== before) open[bucket] = source.open[i] ?? 0;
    high[bucket] = Math.max(high[bucket] ?? 0, source.high[i] ?? 0);
    low[bucket] = Math.min(low[bucket] ?? 0, source.low[i] ?? 0);
    close[bucket] = source.close[i] ?? 0;
    before = bucket;
  }
  return { startMs, intervalMs, length, open, high, low, close };
}
