import {
  type CandlestickData,
  CandlestickSeries,
  CrosshairMode,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type LogicalRange,
  type MouseEventParams,
  type UTCTimestamp,
} from "lightweight-charts";
import { moment } from "../format.ts";
import type { CandleSlice, CandleSource, Span } from "./candle-source.ts";
import { readTheme, type Theme } from "./theme.ts";
import type { TradeOverlay } from "./trade-overlay.ts";

/** More candles than this a pixel show less than longer ones do. */
const CANDLES_A_PIXEL = 1;
/** Loaded on either side of what is shown, as a multiple of its width. */
const MARGIN = 1.5;
/** Where only longer candles are embedded, a short trade is shown among this many of them. */
const FEWEST_CANDLES = 20;
const SETTLE_MS = 140;

export interface PriceChartEvents {
  /** A click at a moment; `toleranceMs` is how far a finger or a mouse may miss. */
  picked(timeMs: number, toleranceMs: number): void;
  /** What is under the crosshair, or the latest candle shown. */
  pointedAt(candle: PointedCandle | null): void;
  shown(intervalMs: number): void;
}

export interface PointedCandle {
  readonly timeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/**
 * The candles, from a single trade to the whole window. It loads what is looked at, in the candle length that the
 * width can show, and loads again when the view has moved and come to rest: so half a million candles are as
 * quick as a thousand.
 */
export class PriceChart {
  readonly #container: HTMLElement;
  readonly #source: CandleSource;
  readonly #overlay: TradeOverlay;
  readonly #events: PriceChartEvents;
  readonly #chart: IChartApi;
  readonly #series: ISeriesApi<"Candlestick">;
  #slice: CandleSlice | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #pointerDown = false;

  constructor(
    container: HTMLElement,
    source: CandleSource,
    decimals: number,
    overlay: TradeOverlay,
    events: PriceChartEvents,
  ) {
    this.#container = container;
    this.#source = source;
    this.#overlay = overlay;
    this.#events = events;
    this.#chart = createChart(container, {
      autoSize: true,
      // Dragging along must not keep a finger from scrolling the page.
      handleScroll: { vertTouchDrag: false },
      crosshair: { mode: CrosshairMode.Normal },
      localization: { locale: "en-GB", timeFormatter: (time: unknown) => moment(Number(time) * 1000) },
      timeScale: {
        timeVisible: true,
        secondsVisible: false,
        minBarSpacing: 0.2,
        maxBarSpacing: 60,
        rightOffset: 4,
      },
    });
    this.#series = this.#chart.addSeries(CandlestickSeries, {
      borderVisible: false,
      lastValueVisible: false,
      priceLineVisible: false,
      priceFormat: { type: "price", precision: decimals, minMove: 10 ** -decimals },
    });
    this.#series.attachPrimitive(overlay);
    this.applyTheme();
    this.#chart.subscribeClick((event) => this.#click(event));
    this.#chart.subscribeCrosshairMove((event) => this.#point(event));
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(() => this.#settleSoon());
    container.addEventListener("pointerdown", () => {
      this.#pointerDown = true;
    });
    for (const name of ["pointerup", "pointercancel"]) {
      window.addEventListener(name, () => {
        this.#pointerDown = false;
        this.#settleSoon();
      });
    }
  }

  applyTheme(): void {
    const theme = readTheme();
    this.#chart.applyOptions({
      layout: {
        background: { color: theme.background },
        textColor: theme.text,
        fontFamily: getComputedStyle(document.body).fontFamily,
        panes: { separatorColor: theme.grid },
      },
      grid: { vertLines: { color: theme.grid }, horzLines: { color: theme.grid } },
      rightPriceScale: { borderColor: theme.grid },
      timeScale: { borderColor: theme.grid },
    });
    this.#colourCandles(theme);
    this.#overlay.applyTheme(theme);
  }

  /** Longer candles than those traded are the ground that the trades are seen on, so they have no colours. */
  #colourCandles({ up, down, faint }: Theme): void {
    const ground = this.#slice !== null && this.#slice.intervalMs > this.#source.intervalMs;
    this.#series.applyOptions({
      upColor: ground ? faint : up,
      downColor: ground ? faint : down,
      wickUpColor: ground ? faint : up,
      wickDownColor: ground ? faint : down,
    });
  }

  /** Brings a span of time into view. */
  show(span: Span): void {
    this.#series.priceScale().applyOptions({ autoScale: true });
    this.#load(span);
  }

  /** The picture as it is, for paper. */
  picture(): string {
    return this.#chart.takeScreenshot(true).toDataURL("image/png");
  }

  #load(asked: Span): void {
    const intervalMs = this.#fittingInterval(asked);
    const shown = atLeast(asked, FEWEST_CANDLES * intervalMs);
    const width = shown.toMs - shown.fromMs;
    const margin = Math.max(width * MARGIN, 100 * intervalMs);
    const slice = this.#source.slice(
      { fromMs: shown.fromMs - margin, toMs: shown.toMs + margin },
      intervalMs,
      shown,
    );
    this.#slice = slice;
    this.#overlay.applySlice(slice, this.#source.intervalMs);
    this.#colourCandles(readTheme());
    this.#series.setData(bars(slice));
    const timeScale = this.#chart.timeScale();
    timeScale.setVisibleLogicalRange({
      from: (shown.fromMs - slice.startMs) / intervalMs,
      to: (shown.toMs - slice.startMs) / intervalMs - 1,
    });
    this.#events.shown(intervalMs);
    this.#events.pointedAt(null);
  }

  /** The shortest candles of which the width can show as many, kept over small changes so that it does not flutter. */
  #fittingInterval(shown: Span): number {
    const intervals = this.#source.intervalsFor(shown);
    const most = Math.max(100, this.#container.clientWidth * CANDLES_A_PIXEL);
    const candles = (intervalMs: number): number => (shown.toMs - shown.fromMs) / intervalMs;
    const finest = intervals.find((intervalMs) => candles(intervalMs) <= most) ?? intervals.at(-1);
    const current = this.#slice?.intervalMs;
    if (finest === undefined) return this.#source.intervalMs;
    if (current === undefined || !intervals.includes(current)) return finest;
    const shorter = intervals[intervals.indexOf(current) - 1];
    const stillFits =
      candles(current) <= most * 1.3 && (shorter === undefined || candles(shorter) >= most * 0.75);
    return stillFits ? current : finest;
  }

  #settleSoon(): void {
    clearTimeout(this.#settling);
    // Never under a finger: new data would move what it holds.
    if (!this.#pointerDown) this.#settling = setTimeout(() => this.#settle(), SETTLE_MS);
  }

  #settle(): void {
    const slice = this.#slice;
    const shown = this.#shown();
    if (slice === null || shown === null) return;
    const intervalMs = this.#fittingInterval(shown);
    const more = this.#source.slice(shown, intervalMs, shown);
    const loadedUntil = slice.startMs + slice.length * slice.intervalMs;
    const missing =
      more.startMs < slice.startMs || more.startMs + more.length * more.intervalMs > loadedUntil;
    if (intervalMs !== slice.intervalMs || missing) this.#load(shown);
  }

  #shown(): Span | null {
    const slice = this.#slice;
    const range: LogicalRange | null = this.#chart.timeScale().getVisibleLogicalRange();
    if (slice === null || range === null) return null;
    return {
      fromMs: slice.startMs + range.from * slice.intervalMs,
      toMs: slice.startMs + (range.to + 1) * slice.intervalMs,
    };
  }

  #click(event: MouseEventParams): void {
    const slice = this.#slice;
    if (slice === null || event.point === undefined) return;
    const timeScale = this.#chart.timeScale();
    const logical = timeScale.coordinateToLogical(event.point.x);
    if (logical === null) return;
    const shown = this.#shown();
    const aPixelMs = shown === null ? 0 : (shown.toMs - shown.fromMs) / Math.max(1, timeScale.width());
    this.#events.picked(slice.startMs + (logical + 0.5) * slice.intervalMs, 12 * aPixelMs);
  }

  #point(event: MouseEventParams): void {
    const slice = this.#slice;
    const i = event.logical;
    if (slice === null || event.point === undefined || i === undefined || i < 0 || i >= slice.length) {
      this.#events.pointedAt(null);
      return;
    }
    this.#events.pointedAt({
      timeMs: slice.startMs + i * slice.intervalMs,
      open: slice.open[i] ?? 0,
      high: slice.high[i] ?? 0,
      low: slice.low[i] ?? 0,
      close: slice.close[i] ?? 0,
    });
  }
}

/** The span, or one about its middle that is long enough. */
function atLeast(span: Span, lengthMs: number): Span {
  const missing = lengthMs - (span.toMs - span.fromMs);
  return missing <= 0 ? span : { fromMs: span.fromMs - missing / 2, toMs: span.toMs + missing / 2 };
}

function bars(slice: CandleSlice): CandlestickData[] {
  return Array.from({ length: slice.length }, (_, i) => ({
    // The chart library's own name for seconds since the epoch: a branded number that only a cast makes.
    time: ((slice.startMs + i * slice.intervalMs) / 1000) as UTCTimestamp,
    open: slice.open[i] ?? 0,
    high: slice.high[i] ?? 0,
    low: slice.low[i] ?? 0,
    close: slice.close[i] ?? 0,
  }));
}
