/** Closes in a window, and candles in a block. */
export const BAND_PERIOD = 20;
const BAND_DEVIATIONS = 2;
/** The slot of a window that was requested individually. */
const ALONE = BAND_PERIOD;
const SHARE = 1 / BAND_PERIOD;

// The loops read columns by index, within bounds that are checked once, hence `as number`: V8 tests at each call of a
// shared accessor that it is still the same function.

/**
 * Bollinger(20, 2): mean and two population deviations of the last 20 closes, of any candle in any order.
 *
 * Candles lie in blocks of 20. A window that ends in a block is a tail of the block before and a head of its own, and
 * both grow by one term a candle, so a block of windows costs no more than a few additions each. Nothing is carried
 * from block to block: there is no drift, however long the series. Terms are distances from the block's first
 * close, which is in each of its windows: its own distance from the mean is then at most `sqrt(20)` deviations, so the
 * variance loses no more than two digits to the difference it is computed as, and a flat window has no width at all.
 *
 * Blocks start at moments that depend on nothing but the clock, and a window asked for alone is summed in the order
 * its block would have: a value is the same to the bit whatever series it is computed in, and however it is reached.
 */
export class RollingBand {
  readonly #close: Float64Array;
  /** Add to an index to count candles since the epoch, modulo the block. */
  readonly #phase: number;
  /** By candle of the block: sum over its window's tail, then the sum of squares. */
  readonly #tails = new Float64Array(2 * BAND_PERIOD);
  /** By candle of the block, and of one that was asked for alone in the last place: middle, then half. */
  readonly #middles = new Float64Array(BAND_PERIOD + 1);
  readonly #halves = new Float64Array(BAND_PERIOD + 1);
  /** The block that is kept covers `[from, until)`. */
  #from = 0;
  #until = 0;
  #alone = -2;
  #place = ALONE;

  /** @param startIndex candles from the epoch to the first one */
  constructor(close: Float64Array, startIndex: number) {
    this.#close = close;
    this.#phase = (startIndex % BAND_PERIOD) | 0;
  }

  /** Mean of the closes; NaN while there are fewer than 20. */
  get middle(): number {
    return this.#middles[this.#place] as number;
  }

  /** From the middle to either edge of the band. */
  get half(): number {
    return this.#halves[this.#place] as number;
  }

  /** Makes `middle` and `half` those of a candle, which must exist. */
  moveTo(i: number): void {
    if (i >= this.#from && i < this.#until) {
      this.#place = i - this.#from;
    } else if (i !== this.#alone || this.#place !== ALONE) {
      this.#leaveBlock(i);
    }
  }

  #leaveBlock(i: number): void {
    const blockStart = i - ((i + this.#phase) % BAND_PERIOD);
    const isNext = i === this.#until || i === this.#alone + 1;
    // Who asks about neighbours will ask about the rest of the block.
    if (isNext && blockStart >= BAND_PERIOD - 1) {
      this.#sumBlock(blockStart);
      this.#place = i - blockStart;
    } else {
      this.#sumWindow(i, blockStart);
      this.#place = ALONE;
      this.#alone = i;
    }
  }

  #sumWindow(i: number, blockStart: number): void {
    const first = i - BAND_PERIOD + 1;
    if (first < 0) {
      this.#middles[ALONE] = Number.NaN;
      this.#halves[ALONE] = Number.NaN;
      return;
    }
    const close = this.#close;
    const reference = close[blockStart] as number;
    let sum = 0;
    let squares = 0;
    for (let k = blockStart; k <= i; k++) {
      const distance = (close[k] as number) - reference;
      sum += distance;
      squares += distance * distance;
    }
    let tailSum = 0;
    let tailSquares = 0;
    for (let k = blockStart - 1; k >= first; k--) {
      const distance = (close[k] as number) - reference;
      tailSum += distance;
      tailSquares += distance * distance;
    }
    const offset = (sum + tailSum) * SHARE;
    this.#middles[ALONE] = reference + offset;
    this.#halves[ALONE] = BAND_DEVIATIONS * Math.sqrt((squares + tailSquares) * SHARE - offset * offset);
  }

  #sumBlock(blockStart: number): void {
    const close = this.#close;
    const tails = this.#tails;
    const middles = this.#middles;
    const halves = this.#halves;
    const reference = close[blockStart] as number;
    let sum = 0;
    let squares = 0;
    // The tail of the block's last window is empty: its sums stay 0.
    for (let k = BAND_PERIOD - 2, j = blockStart - 1; k >= 0; k--, j--) {
      const distance = (close[j] as number) - reference;
      sum += distance;
      squares += distance * distance;
      tails[k] = sum;
      tails[k + BAND_PERIOD] = squares;
    }
    const count = Math.min(BAND_PERIOD, close.length - blockStart);
    sum = 0;
    squares = 0;
    for (let k = 0; k < count; k++) {
      const distance = (close[blockStart + k] as number) - reference;
      sum += distance;
      squares += distance * distance;
      const offset = (sum + (tails[k] as number)) * SHARE;
      const square = (squares + (tails[k + BAND_PERIOD] as number)) * SHARE;
      middles[k] = reference + offset;
      halves[k] = BAND_DEVIATIONS * Math.sqrt(square - offset * offset);
    }
    this.#from = blockStart;
    this.#until = blockStart + count;
  }
}
