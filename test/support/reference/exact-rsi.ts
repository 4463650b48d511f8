import { exactly, exactQuotient } from "./exact-window.ts";

/** Beyond the last bit of any price, so that what a division drops counts for nothing. */
const FRACTION_BITS = 256n;

/** Wilder's RSI(14) by his own recursion, one close after the other, in hundreds of digits. */
export class ExactRsi {
  #closes = 0;
  #before = 0n;
  #gain = 0n;
  #loss = 0n;
  /** Candles in a row that changed nothing: they shrink both averages alike, which shows with the next change. */
  #still = 0;

  add(close: number): void {
    const now = exactly(close);
    const change = now - this.#before;
    this.#before = now;
    this.#closes++;
    if (this.#closes === 1) return;
    const gain = change > 0n ? change << FRACTION_BITS : 0n;
    const loss = change < 0n ? -change << FRACTION_BITS : 0n;
    if (this.#closes <= 15) {
      this.#gain += gain / 14n;
      this.#loss += loss / 14n;
    } else if (change === 0n) {
      this.#still++;
    } else {
      if (this.#still > 0) this.#shrink();
      this.#gain = (this.#gain * 13n + gain) / 14n;
      this.#loss = (this.#loss * 13n + loss) / 14n;
    }
  }

  /** 0 to 100; NaN for the first 14 closes; 50 while nothing has moved. */
  value(): number {
    if (this.#closes < 15) return Number.NaN;
    const sum = this.#gain + this.#loss;
    return sum === 0n ? 50 : exactQuotient(100n * this.#gain, sum);
  }

  #shrink(): void {
    const still = BigInt(this.#still);
    // Nothing of 600 bits is left after so many.
    const isGone = still > 6_000n;
    this.#gain = isGone ? 0n : (this.#gain * 13n ** still) / 14n ** still;
    this.#loss = isGone ? 0n : (this.#loss * 13n ** still) / 14n ** still;
    this.#still = 0;
  }
}

/**
 * The RSI at some candles, ascending, each from `reach` changes before at least: what came earlier weighs
 * `(13/14)^reach`. Candles that lie close together share their walk.
 */
export function exactRsis(close: Float64Array, indexes: readonly number[], reach = 1_000): number[] {
  let walk = new ExactRsi();
  let next = 0;
  return indexes.map((i) => {
    let first = i;
    for (let changes = 0; first > next && changes < reach; first--) {
      if (close[first] !== close[first - 1]) changes++;
    }
    if (first > next) {
      walk = new ExactRsi();
      next = first;
    }
    for (const value of close.subarray(next, i + 1)) walk.add(value);
    next = i + 1;
    return walk.value();
  });
}
