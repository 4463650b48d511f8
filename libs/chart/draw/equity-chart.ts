import {
  type AutoscaleInfo,
  BaselineSeries,
  createChart,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  type UTCTimestamp,
} from "lightweight-charts";
import { equityCurve } from "../equity-curve.ts";
import { moment, money, signedMoney } from "../format.ts";
import type { ReportData, ReportedStrategy, ReportedTrade } from "../report-data.ts";
import { MomentLine } from "./moment-line.ts";
import { faded, readTheme } from "./theme.ts";

const POINTS = 900;

/** Cumulated result and drawdown over the whole window; the other strategies' results as thin lines beside it. */
export class EquityChart {
  readonly #chart: IChartApi;
  readonly #equity: ISeriesApi<"Baseline">;
  readonly #drawdown: ISeriesApi<"Baseline">;
  readonly #others: readonly { readonly name: string; readonly line: ISeriesApi<"Line"> }[];
  readonly #cursor: MomentLine;
  readonly #curves: ReadonlyMap<string, ReturnType<typeof equityCurve>>;

  constructor(container: HTMLElement, data: ReportData, picked: (timeMs: number) => void) {
    this.#curves = new Map(data.strategies.map((strategy) => [strategy.name, curveOf(data, strategy)]));
    this.#chart = createChart(container, {
      autoSize: true,
      handleScroll: false,
      handleScale: false,
      layout: { attributionLogo: false, fontSize: 11, panes: { enableResize: false } },
      localization: { locale: "en-GB", timeFormatter: (time: unknown) => moment(Number(time) * 1000) },
      timeScale: { timeVisible: true, secondsVisible: false, minBarSpacing: 0.01 },
    });
    const quiet = { priceLineVisible: false, lastValueVisible: false } as const;
    this.#others = data.strategies.map(({ name }) => ({
      name,
      line: this.#chart.addSeries(LineSeries, {
        ...quiet,
        lineWidth: 1,
        crosshairMarkerVisible: false,
        priceFormat: { type: "custom", formatter: money, minMove: 0.01 },
      }),
    }));
    this.#equity = this.#chart.addSeries(BaselineSeries, {
      ...quiet,
      lineWidth: 2,
      baseValue: { type: "price", price: 0 },
      priceFormat: { type: "custom", formatter: signedMoney, minMove: 0.01 },
    });
    this.#drawdown = this.#chart.addSeries(
      BaselineSeries,
      {
        ...quiet,
        lineWidth: 1,
        // The area hangs from zero: what is lost since the peak.
        baseValue: { type: "price", price: 0 },
        // A curve without a loss is at the top too, not in the middle.
        autoscaleInfoProvider: (fitting: () => AutoscaleInfo | null) => ({
          priceRange: { minValue: Math.min(fitting()?.priceRange?.minValue ?? 0, -1), maxValue: 0 },
        }),
        priceFormat: { type: "custom", formatter: money, minMove: 0.01 },
      },
      1,
    );
    this.#chart.panes()[0]?.setStretchFactor(3);
    this.#chart.panes()[1]?.setStretchFactor(2);
    this.#drawdown.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.08 } });
    this.#cursor = new MomentLine(data.fromMs, stepOf(this.#curves));
    this.#equity.attachPrimitive(this.#cursor);
    this.applyTheme();
    this.#chart.subscribeClick(({ time }) => {
      if (typeof time === "number") picked(time * 1000);
    });
    // The whole window always fills the width.
    new ResizeObserver(() => this.#chart.timeScale().fitContent()).observe(container);
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
    this.#equity.applyOptions({
      topLineColor: theme.up,
      topFillColor1: faded(theme.up, 0.25),
      topFillColor2: faded(theme.up, 0.03),
      bottomLineColor: theme.down,
      bottomFillColor1: faded(theme.down, 0.03),
      bottomFillColor2: faded(theme.down, 0.25),
    });
    this.#drawdown.applyOptions({
      topLineColor: theme.down,
      topFillColor1: "transparent",
      topFillColor2: "transparent",
      bottomLineColor: theme.down,
      bottomFillColor1: faded(theme.down, 0.3),
      bottomFillColor2: faded(theme.down, 0.3),
    });
    this.#cursor.applyTheme(theme);
    for (const { line } of this.#others) line.applyOptions({ color: theme.faint });
  }

  show(strategy: ReportedStrategy): void {
    for (const { name, line } of this.#others) {
      line.setData(name === strategy.name ? [] : this.#points(name, "equity"));
    }
    this.#equity.setData(this.#points(strategy.name, "equity"));
    this.#drawdown.setData(this.#points(strategy.name, "drawdown"));
    this.#chart.timeScale().fitContent();
  }

  /** Shows where a trade ended, or was entered while it is open. */
  mark(trade: ReportedTrade | null): void {
    this.#cursor.show(trade === null ? null : (trade.exit?.timeMs ?? trade.entryMs));
  }

  picture(): string {
    return this.#chart.takeScreenshot(true).toDataURL("image/png");
  }

  #points(name: string, value: "equity" | "drawdown"): { time: UTCTimestamp; value: number }[] {
    return (this.#curves.get(name) ?? []).map((point) => ({
      // The chart library's own name for seconds since the epoch: a branded number that only a cast makes.
      time: (point.timeMs / 1000) as UTCTimestamp,
      value: point[value],
    }));
  }
}

function curveOf(data: ReportData, strategy: ReportedStrategy): ReturnType<typeof equityCurve> {
  const exits = strategy.trades.flatMap(({ exit }) => (exit === null ? [] : [exit]));
  return equityCurve(data.fromMs, data.toMs, exits, POINTS);
}

/** Distance of two points of the grid that all curves share. */
function stepOf(curves: ReadonlyMap<string, ReturnType<typeof equityCurve>>): number {
  const [first, second] = [...curves.values()][0] ?? [];
  return first === undefined || second === undefined ? 1000 : second.timeMs - first.timeMs;
}
