import type {
  AutoscaleInfo,
  IChartApi,
  IPrimitivePaneView,
  ISeriesApi,
  ISeriesPrimitive,
  Logical,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";
import { adverseLevel } from "#libs/backtest/engine/exit-level.ts";
import type { ConfluenceZone } from "#libs/strategy/indicators/confluence-zones.ts";
import type { ReportedTrade } from "../report-data.ts";
import type { FibonacciLevel } from "../zones-of.ts";
import type { CandleSlice } from "./candle-source.ts";
import { drawMarks } from "./draw-marks.ts";
import { drawTrade, drawTradeLabels } from "./draw-trade.ts";
import { drawLevelLabels, drawLevels, drawZoneLabels, drawZones } from "./draw-zones.ts";
import type { Plane } from "./plane.ts";
import { readTheme, type Theme } from "./theme.ts";

/** What is drawn over the candles. */
export interface OverlayContent {
  /** All trades of the strategy, ascending in time. */
  readonly trades: readonly ReportedTrade[];
  readonly selected: ReportedTrade | null;
  readonly zones: readonly ConfluenceZone[];
  readonly levels: readonly FibonacciLevel[];
}

const NOTHING: OverlayContent = { trades: [], selected: null, zones: [], levels: [] };

/** Trades, stops, targets and zones, drawn by the chart whenever it draws itself. */
export class TradeOverlay implements ISeriesPrimitive<Time> {
  #chart: IChartApi | null = null;
  #series: ISeriesApi<"Candlestick"> | null = null;
  #requestUpdate: (() => void) | null = null;
  #slice: CandleSlice | null = null;
  #intervalMs = 0;
  #theme: Theme = readTheme();
  #content: OverlayContent = NOTHING;
  readonly #decimals: number;
  readonly #views = [
    view("bottom", (target) => this.#draw(target, "below")),
    view("top", (target) => this.#draw(target, "above")),
  ];

  /** @param decimals of the prices that are written beside lines */
  constructor(decimals: number) {
    this.#decimals = decimals;
  }

  attached({ chart, series, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.#chart = chart;
    // The library's type knows only that some series was attached; this primitive is only ever given candles.
    this.#series = series as ISeriesApi<"Candlestick">;
    this.#requestUpdate = requestUpdate;
  }

  detached(): void {
    this.#chart = null;
    this.#series = null;
  }

  applyTheme(theme: Theme): void {
    this.#theme = theme;
    this.#requestUpdate?.();
  }

  /** @param intervalMs the timeframe that was traded, which may be shorter than the slice's */
  applySlice(slice: CandleSlice, intervalMs: number): void {
    this.#slice = slice;
    this.#intervalMs = intervalMs;
  }

  show(content: OverlayContent): void {
    this.#content = content;
    this.#requestUpdate?.();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#views;
  }

  /** Stop and target of the selected trade stay in view while the trade is. */
  autoscaleInfo(from: Logical, to: Logical): AutoscaleInfo | null {
    const slice = this.#slice;
    const trade = this.#content.selected;
    if (slice === null || trade === null) return null;
    const logical = (timeMs: number): number => (timeMs - slice.startMs) / slice.intervalMs;
    const until = trade.exit === null ? Number.POSITIVE_INFINITY : logical(trade.exit.timeMs);
    if (until < from || logical(trade.entryMs) > to) return null;
    const prices = [
      adverseLevel(trade),
      trade.takeProfit,
      trade.fillPrice,
      trade.exit?.price ?? trade.fillPrice,
    ];
    return { priceRange: { minValue: Math.min(...prices), maxValue: Math.max(...prices) } };
  }

  #draw(target: Parameters<PaneDraw>[0], layer: "below" | "above"): void {
    const slice = this.#slice;
    const chart = this.#chart;
    const series = this.#series;
    if (slice === null || chart === null || series === null || slice.length === 0) return;
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      const timeScale = chart.timeScale();
      const origin = timeScale.logicalToCoordinate(0 as Logical);
      const next = timeScale.logicalToCoordinate(1 as Logical);
      if (origin === null || next === null) return;
      const barWidth = next - origin;
      const plane: Plane = {
        context,
        width: mediaSize.width,
        height: mediaSize.height,
        decimals: this.#decimals,
        theme: this.#theme,
        x: (timeMs) => origin + ((timeMs - slice.startMs) / slice.intervalMs - 0.5) * barWidth,
        y: (price) => series.priceToCoordinate(price) ?? Number.NaN,
        candleWidth: (barWidth * this.#intervalMs) / slice.intervalMs,
        intervalMs: this.#intervalMs,
      };
      context.save();
      const { trades, selected, zones, levels } = this.#content;
      if (layer === "below") {
        if (selected !== null) {
          drawZones(plane, selected, zones);
          drawLevels(plane, selected, levels);
          drawTrade(plane, selected);
        }
      } else {
        drawMarks(plane, trades, selected);
        drawLevelLabels(plane, levels);
        drawZoneLabels(plane, zones);
        if (selected !== null) drawTradeLabels(plane, selected);
      }
      context.restore();
    });
  }
}

type PaneDraw =
  ReturnType<IPrimitivePaneView["renderer"]> extends infer Renderer
    ? Renderer extends { draw: infer Draw }
      ? Draw
      : never
    : never;

function view(
  zOrder: PrimitivePaneViewZOrder,
  draw: (target: Parameters<PaneDraw>[0]) => void,
): IPrimitivePaneView {
  return { zOrder: () => zOrder, renderer: () => ({ draw }) };
}
