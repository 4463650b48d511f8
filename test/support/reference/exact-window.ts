/**
 * Statistics of a window without any rounding: doubles are whole multiples of a power of two, so sums of them and of
 * their squares are whole numbers. Slow, and beyond doubt.
 */

/** Prices from 1e-30 to 1e60 are whole in this unit. */
const SCALE_BITS = 160;
const SCALE = 2 ** SCALE_BITS;
/** Digits that a quotient keeps beyond those of a double. */
const QUOTIENT_BITS = 200n;

/** @throws RangeError for a value that is too small to be whole in the unit. */
export function exactly(value: number): bigint {
  return BigInt(value * SCALE);
}

/** The double nearest to a quotient of 0, or between 1e-40 and 1e40, but for its last bit. */
export function exactQuotient(numerator: bigint, denominator: bigint): number {
  return Number((numerator << QUOTIENT_BITS) / denominator) / 2 ** Number(QUOTIENT_BITS);
}

export interface ExactWindow {
  readonly mean: number;
  /** Population standard deviation. */
  readonly deviation: number;
}

/** Of the `period` values that end at `i`. */
export function exactWindow(values: Float64Array, i: number, period: number): ExactWindow {
  const window = new ExactRollingWindow(period);
  for (const value of values.subarray(i - period + 1, i + 1)) window.add(value);
  return window.value();
}

/** The same of a window that moves: whole numbers lose nothing when what left the window is taken off again. */
export class ExactRollingWindow {
  readonly #period: number;
  readonly #window: bigint[] = [];
  #next = 0;
  #sum = 0n;
  #squares = 0n;

  constructor(period: number) {
    this.#period = period;
  }

  add(value: number): void {
    const whole = exactly(value);
    const left = this.#window[this.#next] ?? 0n;
    this.#window[this.#next] = whole;
    this.#next = (this.#next + 1) % this.#period;
    this.#sum += whole - left;
    this.#squares += whole * whole - left * left;
  }

  /** Needs a full window. */
  value(): ExactWindow {
    const count = BigInt(this.#period);
    // The variance is (count * squares - sum^2) / count^2, in units squared.
    const spread = count * this.#squares - this.#sum * this.#sum;
    return {
      mean: exactQuotient(this.#sum, count << BigInt(SCALE_BITS)),
      deviation: Math.sqrt(exactQuotient(spread, (count * count) << BigInt(2 * SCALE_BITS))),
    };
  }
}
