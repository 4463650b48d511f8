import { at } from "./at.ts";
import { retracement } from "./fibonacci.ts";
import type { SwingWindow } from "./swing-window.ts";

/** How levels of several frames become zones. */
export interface ZoneRule {
  readonly ratios: readonly number[];
  /** Width of a zone above its lowest level, as a fraction of it. */
  readonly tolerance: number;
  /** Distinct frames a zone needs to count. */
  readonly minimumFrames: number;
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

  /** Takes the levels of the frames that are present. */
  rebuild(swings: readonly SwingWindow[], rule: ZoneRule): void {
    const capacity = swings.length * rule.ratios.length;
    if (this.#levels.length < capacity) {
      this.#levels = new Float64Array(capacity);
      this.#frames = new Uint8Array(capacity);
      this.#prices = new Float64Array(capacity);
    }
    this.#merge(this.#sortLevels(swings, rule.ratios), rule);
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

  /** Insertion sort: each frame's levels are already in order, and there are at most a few dozen. */
  #sortLevels(swings: readonly SwingWindow[], ratios: readonly number[]): number {
    const levels = this.#levels;
    const frames = this.#frames;
    let count = 0;
    for (let frame = 0; frame < swings.length; frame++) {
      const swing = swings[frame];
      if (swing === undefined || !swing.present) continue;
      for (const ratio of ratios) {
        const level = retracement(swing.high, swing.low, swing.up, ratio);
        let k = count++;
        for (; k > 0 && at(levels, k - 1) > level; k--) {
          levels[k] = at(levels, k - 1);
          frames[k] = frames[k - 1] ?? 0;
        }
        levels[k] = level;
        frames[k] = frame;
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
      for (; k < levelCount && at(this.#levels, k) <= limit; k++) {
        sum += at(this.#levels, k);
        const bit = 1 << (this.#frames[k] ?? 0);
        if ((seen & bit) === 0) distinct++;
        seen |= bit;
      }
      if (distinct >= rule.minimumFrames) this.#prices[this.#count++] = sum / (k - first);
    }
  }
}
