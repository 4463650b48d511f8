import type { CandlePage } from "./source.ts";

/** A candle page under construction: `capacity` rows, `length` of them filled. */
export class CandlePageBuilder implements CandlePage {
  length = 0;
  readonly openMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly turnover: Float64Array;

  constructor(capacity: number) {
    this.openMs = new Float64Array(capacity);
    this.open = new Float64Array(capacity);
    this.high = new Float64Array(capacity);
    this.low = new Float64Array(capacity);
    this.close = new Float64Array(capacity);
    this.volume = new Float64Array(capacity);
    this.turnover = new Float64Array(capacity);
  }

  push(
    openMs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    turnover: number,
  ): void {
    const i = this.length;
    this.openMs[i] = openMs;
    this.open[i] = open;
    this.high[i] = high;
    this.low[i] = low;
    this.close[i] = close;
    this.volume[i] = volume;
    this.turnover[i] = turnover;
    this.length = i + 1;
  }
}

/** Reads a column at an index that the caller guarantees to be in range, so that hot loops need no checks. */
export function at(column: { readonly [index: number]: number | undefined }, index: number): number {
  return column[index] ?? 0;
}
