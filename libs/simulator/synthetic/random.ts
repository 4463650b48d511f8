/*
 * Random numbers that are the same on every machine. Only operations that IEEE 754 and ECMAScript define exactly are
 * used (+ - * /, Math.imul, shifts): Math.exp and Math.log may differ between processors, and a single price that rounds
 * differently would change a backtest.
 */

/** A 32-bit key from a text. */
export function textKey(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** A 32-bit key from two keys, for sub-streams (`key(symbolKey, day)`). */
export function key(a: number, b: number): number {
  return mix(Math.imul(a, 0x9e3779b1) ^ mix(b + 0x7f4a7c15));
}

function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A small sequential generator (mulberry32), one per stream. */
export class RandomStream {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** 32 random bits as an unsigned number. */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** A whole number in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** Approximately normal with mean 0 and deviation 1, never beyond 3.5. */
  normal(): number {
    return normalFromBits(this.bits());
  }

  /** Deviation about 1 with the fat tails of returns: rare values reach 6. */
  fatTailed(): number {
    const z = this.normal();
    return z * (0.78 + 0.09 * z * z);
  }
}

/** The sum of the four bytes of a random word, centred and scaled: deviation 1. */
export function normalFromBits(bits: number): number {
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) / 147.8;
}
