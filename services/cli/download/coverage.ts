/** Open times `[fromMs, toMs)`. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Which candles of a window are there. */
export class Coverage {
  readonly #window: TimeRange;
  readonly #intervalMs: number;
  readonly #present: Uint8Array;

  constructor(window: TimeRange, intervalMs: number) {
    this.#window = window;
    this.#intervalMs = intervalMs;
    this.#present = new Uint8Array((window.toMs - window.fromMs) / intervalMs);
  }

  /** Candles outside of the window are ignored. */
  add(openTimeMs: number): void {
    const slot = (openTimeMs - this.#window.fromMs) / this.#intervalMs;
    if (this.#present[slot] === 0) this.#present[slot] = 1;
  }

  /**
   * What is missing as ranges of at most so many candles, the newest first: on the way back it shows whether a coin was
   * listed later than the window begins.
   */
  missingRanges(most: number): TimeRange[] {
    const ranges: TimeRange[] = [];
    const timeOf = (slot: number) => this.#window.fromMs + slot * this.#intervalMs;
    let end = this.#present.length;
    while (end > 0) {
      if (this.#present[end - 1] === 1) {
        end -= 1;
        continue;
      }
      let start = end - 1;
      while (start > 0 && this.#present[start - 1] === 0 && end - start < most) start -= 1;
      ranges.push({ fromMs: timeOf(start), toMs: timeOf(end) });
      end = start;
    }
    return ranges;
  }
}
