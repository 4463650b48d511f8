import type {
  IChartApi,
  IPrimitivePaneView,
  ISeriesPrimitive,
  Logical,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";
import { readTheme, type Theme } from "./theme.ts";

/** An upright line at one moment of a chart whose points lie on an even grid of time. */
export class MomentLine implements ISeriesPrimitive<Time> {
  readonly #fromMs: number;
  readonly #stepMs: number;
  #chart: IChartApi | null = null;
  #requestUpdate: (() => void) | null = null;
  #theme: Theme = readTheme();
  #timeMs: number | null = null;
  readonly #views: readonly IPrimitivePaneView[] = [
    {
      renderer: () => ({
        draw: (target) => {
          const chart = this.#chart;
          if (this.#timeMs === null || chart === null) return;
          // Places on the time scale are whole numbers of a branded type, which only a cast makes.
          const place = Math.round((this.#timeMs - this.#fromMs) / this.#stepMs) as Logical;
          const x = chart.timeScale().logicalToCoordinate(place);
          if (x === null) return;
          target.useMediaCoordinateSpace(({ context, mediaSize }) => {
            context.fillStyle = this.#theme.accent;
            context.fillRect(Math.round(x) - 1, 0, 2, mediaSize.height);
          });
        },
      }),
    },
  ];

  constructor(fromMs: number, stepMs: number) {
    this.#fromMs = fromMs;
    this.#stepMs = stepMs;
  }

  attached({ chart, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.#chart = chart;
    this.#requestUpdate = requestUpdate;
  }

  detached(): void {
    this.#chart = null;
  }

  applyTheme(theme: Theme): void {
    this.#theme = theme;
    this.#requestUpdate?.();
  }

  show(timeMs: number | null): void {
    this.#timeMs = timeMs;
    this.#requestUpdate?.();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.#views;
  }
}
