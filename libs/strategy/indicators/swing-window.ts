import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";
import type { Swing } from "./swing.ts";

/**
 * Swing high and low of the last `size` closed candles of one frame. Moves forward cheaply: while an extreme
 * is still inside the window, only the candles that are new to it are looked at. The candle at the window's end
 * is found by arithmetic from the moment, so a candle that closes later is never read.
 */
export class SwingWindow implements Swing {
  readonly #candles: Candles;
  readonly #size: number;
  readonly #firstBucket: number;
  /** Index after the window's last candle; -1 while there is no full window. */
  #end = -1;
  #highIndex = 0;
  #lowIndex = 0;
  present = false;
  high = 0;
  low = 0;
  up = false;

  /** @param size candles in the window */
  constructor(candles: Candles, size: number) {
    this.#candles = candles;
    this.#size = size;
    this.#firstBucket = candles.startMs / candles.intervalMs;
  }

  /** Moves the window to end at the last candle closed at `timeMs`. Answers whether the swing changed. */
  moveTo(timeMs: number): boolean {
    const end = Math.floor(timeMs / this.#candles.intervalMs) - this.#firstBucket;
    if (end === this.#end) return false;
    if (end < this.#size || end > this.#candles.length) {
      const changed = this.present;
      this.present = false;
      this.#end = -1;
      return changed;
    }
    const { high, low } = this.#candles;
    const first = end - this.#size;
    const before = this.#end;
    const forward = before !== -1 && end > before;
    const highBefore = this.#highIndex;
    const lowBefore = this.#lowIndex;
    const keepHigh = forward && highBefore >= first;
    const keepLow = forward && lowBefore >= first;
    // Read by index, within the window, hence `as number`: a call of a shared accessor is tested each time.
    // Equal extremes: the most recent candle counts, hence >= and <= in the order of time.
    let highIndex = keepHigh ? highBefore : first;
    let highest = at(high, highIndex);
    for (let k = keepHigh ? before : first + 1; k < end; k++) {
      const value = high[k] as number;
      if (value >= highest) {
        highest = value;
        highIndex = k;
      }
    }
    let lowIndex = keepLow ? lowBefore : first;
    let lowest = at(low, lowIndex);
    for (let k = keepLow ? before : first + 1; k < end; k++) {
      const value = low[k] as number;
      if (value <= lowest) {
        lowest = value;
        lowIndex = k;
      }
    }
    this.#end = end;
    if (this.present && highIndex === highBefore && lowIndex === lowBefore) return false;
    this.#highIndex = highIndex;
    this.#lowIndex = lowIndex;
    this.present = true;
    this.high = highest;
    this.low = lowest;
    this.up = highIndex === lowIndex ? this.#closesUp(highIndex) : highIndex > lowIndex;
    return true;
  }

  #closesUp(k: number): boolean {
    return at(this.#candles.close, k) >= at(this.#candles.open, k);
  }
}
