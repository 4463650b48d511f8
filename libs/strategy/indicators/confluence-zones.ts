import { at } from "#libs/candles/at.ts";
import { retracement } from "./fibonacci.ts";
import type { Swing } from "./swing.ts";

/** How levels of several frames become zones. */
export interface ZoneRule {
  /** Retracements of each leg, ascending. */
  readonly ratios: readonly number[];
  /** Width of a zone above its lowest level, as a fraction of it. */
  readonly tolerance: number;
  /** Distinct frames a zone needs to count. */
  readonly minimumFrames: number;
}

/** Levels of several frames that lie together. */
export interface ConfluenceZone {
  /** Mean of the levels. */
  readonly price: number;
  /** The outermost levels. */
  readonly low: number;
  readonly high: number;
  /** Which of the swings it was made from have a level here, ascending. */
  readonly frames: readonly number[];
}

/**
 * The prices where levels of several frames meet, ascending. Columns are kept and refilled, for this runs inside
 * the backtest's loop.
 */
export class ConfluenceZones {
  #levels = new Float64Array(0);
  #frames = new Uint8Array(0);
  #prices = new Float64Array(0);
  #count = 0;
  #levelCount = 0;
  #rule: ZoneRule | null = null;
  #checkedRatios: readonly number[] = [];

  /**
   * Takes the levels of the frames that are present.
   * @throws RangeError when the ratios are not ascending.
   */
  rebuild(swings: readonly Swing[], rule: ZoneRule): void {
    if (rule.ratios !== this.#checkedRatios) {
      assertAscending(rule.ratios);
      this.#checkedRatios = rule.ratios;
    }
    const capacity = swings.length * rule.ratios.length;
    if (this.#levels.length < capacity) {
      this.#levels = new Float64Array(capacity);
      this.#frames = new Uint8Array(capacity);
      this.#prices = new Float64Array(capacity);
    }
    this.#rule = rule;
    this.#levelCount = this.#sortLevels(swings, rule.ratios);
    this.#merge(this.#levelCount, rule);
  }

  /** The highest zone below a price, or NaN. */
  below(price: number): number {
    for (let k = this.#count - 1; k >= 0; k--) if (at(this.#prices, k) < price) return at(this.#prices, k);
    return Number.NaN;
  }

  /** The lowest zone above a price, or NaN. */
  above(price: number): number {
    for (let k = 0; k < this.#count; k++) if (at(this.#prices, k) > price) return at(this.#prices, k);
    return Number.NaN;
  }

  /** All zones with what they consist of, ascending. Allocates: for people to look at, not for the loop. */
  list(): readonly ConfluenceZone[] {
    const rule = this.#rule;
    if (rule === null) return [];
    const zones: ConfluenceZone[] = [];
    for (let first = 0; first < this.#levelCount; ) {
      const low = at(this.#levels, first);
      let end = first;
      const frames = new Set<number>();
      for (; end < this.#levelCount && at(this.#levels, end) <= low * (1 + rule.tolerance); end++) {
        frames.add(this.#frames[end] ?? 0);
      }
      if (frames.size >= rule.minimumFrames) {
        zones.push({
          price: at(this.#prices, zones.length),
          low,
          high: at(this.#levels, end - 1),
          frames: [...frames].sort((a, b) => a - b),
        });
      }
      first = end;
    }
    return zones;
  }

  /** Merges each frame's levels, which are in order, into those of the frames before, from the highest down. */
  #sortLevels(swings: readonly Swing[], ratios: readonly number[]): number {
    const levels = this.#levels;
    const frames = this.#frames;
    let count = 0;
    for (let frame = 0; frame < swings.length; frame++) {
      const swing = swings[frame];
      if (swing === undefined || !swing.present) continue;
      const { high, low, up } = swing;
      let others = count - 1;
      count += ratios.length;
      let free = count - 1;
      for (let k = 0; k < ratios.length; k++) {
        const ratio = ratios[up ? k : ratios.length - 1 - k] ?? 0;
        const level = retracement(high, low, up, ratio);
        for (; others >= 0 && at(levels, others) > level; others--, free--) {
          levels[free] = at(levels, others);
          frames[free] = frames[others] ?? 0;
        }
        levels[free] = level;
        frames[free] = frame;
        free--;
      }
    }
    return count;
  }

  #merge(levelCount: number, rule: ZoneRule): void {
    this.#count = 0;
    for (let k = 0; k < levelCount; ) {
      const limit = at(this.#levels, k) * (1 + rule.tolerance);
      const first = k;
      let sum = 0;
      let seen = 0;
      let distinct = 0;
      do {
        sum += at(this.#levels, k);
        const bit = 1 << (this.#frames[k] ?? 0);
        if ((seen & bit) === 0) distinct++;
        seen |= bit;
        k++;
      } while (k < levelCount && at(this.#levels, k) <= limit);
      if (distinct < rule.minimumFrames) continue;
      // The mean of equal levels is that level, which three times it by three is not always.
      const lowest = at(this.#levels, first);
      this.#prices[this.#count++] = lowest === at(this.#levels, k - 1) ? lowest : sum / (k - first);
    }
  }
}

function assertAscending(ratios: readonly number[]): void {
  const sorted = ratios.every((ratio, k) => k === 0 || ratio > (ratios[k - 1] ?? Number.NaN));
  if (!sorted) throw new RangeError(`level ratios must be ascending, not ${ratios.join(", ")}`);
}
