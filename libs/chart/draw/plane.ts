import type { Theme } from "./theme.ts";

/** Where times and prices are on the canvas, in CSS pixels. */
export interface Plane {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** Of the prices written on it. */
  readonly decimals: number;
  readonly theme: Theme;
  /** Left edge of the candle that holds a moment. */
  x(timeMs: number): number;
  y(price: number): number;
  /** Pixels of one candle of the timeframe that was traded. */
  readonly candleWidth: number;
  /** One candle of that timeframe, milliseconds. */
  readonly intervalMs: number;
}
