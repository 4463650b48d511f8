import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { settledUntil } from "#libs/strategy/indicators/funding.ts";
import type { StudyInput } from "#libs/strategy/study.ts";

/** One column and what it held. */
interface Column {
  readonly values: Float64Array;
  readonly original: Float64Array;
  /** How many values are known at a moment. */
  readonly knownAt: (timeMs: number) => number;
  /** Values from here on have been altered. */
  alteredFrom: number;
}

/**
 * Rewrites, in the market's own arrays, everything that closes after a given time: cutting off is not
 * enough for a strategy that holds on to the arrays themselves. Moments may only go backwards, so that walking over a
 * whole market writes each value once. The caller must restore it.
 */
export class AlteredFuture {
  readonly #columns: Column[] = [];
  readonly #factor: number;

  /**
   * @param factor what later prices, volumes and funding rates are multiplied by: above 1 the future rises, below 1 it
   *   falls.
   */
  constructor(input: StudyInput, factor: number) {
    this.#factor = factor;
    const series = new Set<Candles>([input.candles, ...input.frameCandles.values()]);
    if (input.btc !== null) series.add(input.btc);
    for (const candles of series) {
      const closed = (timeMs: number) => Math.floor((timeMs - candles.startMs) / candles.intervalMs);
      for (const values of [candles.open, candles.high, candles.low, candles.close, candles.volume]) {
        this.#add(values, closed);
      }
    }
    const { funding } = input;
    if (funding !== null) this.#add(funding.rate, (timeMs) => settledUntil(funding, timeMs));
  }

  #add(values: Float64Array, knownAt: Column["knownAt"]): void {
    this.#columns.push({ values, original: values.slice(), knownAt, alteredFrom: values.length });
  }

  /** Alters everything that becomes known after `timeMs`, which is before any moment given earlier. */
  after(timeMs: number): void {
    for (const column of this.#columns) {
      const first = Math.max(0, column.knownAt(timeMs));
      for (let k = column.alteredFrom - 1; k >= first; k--) {
        // From the original, as two series may share one array.
        column.values[k] = at(column.original, k) * this.#factor;
      }
      column.alteredFrom = Math.min(column.alteredFrom, first);
    }
  }

  restore(): void {
    for (const column of this.#columns) {
      column.values.set(column.original);
      column.alteredFrom = column.values.length;
    }
  }
}
