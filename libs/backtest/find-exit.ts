import { at } from "#libs/strategy/at.ts";
import type { Candles } from "#libs/strategy/candles.ts";

/**
 * First candle from `from` on in which a LONG's stop or target is touched, or -1. The caller sees which: the stop
 * is tried first.
 */
export function findLongExit(candles: Candles, from: number, stop: number, target: number): number {
  const { high, low, length } = candles;
  for (let i = from; i < length; i++) if (at(low, i) <= stop || at(high, i) >= target) return i;
  return -1;
}

/** The same for a SHORT, whose stop is above. */
export function findShortExit(candles: Candles, from: number, stop: number, target: number): number {
  const { high, low, length } = candles;
  for (let i = from; i < length; i++) if (at(high, i) >= stop || at(low, i) <= target) return i;
  return -1;
}
