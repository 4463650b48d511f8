import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { inferTickSize } from "#libs/candles/infer-tick.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { tickShareOfStop } from "#libs/trading/tick-share.ts";
import { AUTO_TICK, type ChosenRules } from "./trade-options.ts";

/** The price step that levels are rounded to. */
export interface UsedTick {
  /** As printed: "0.0005". */
  readonly size: string;
  /** From the prices of the file, not from the option itself. */
  readonly isInferred: boolean;
  /** One tick in percent of the distance to the stop, at the last close. */
  readonly stopPercent: number;
}

/**
 * The tick that was asked for; null when levels are exact.
 * @param path how messages name the candle files.
 * @throws InputError when the prices show no tick, or the tick is as large as a price.
 */
export function usedTick({ tickSize, rules }: ChosenRules, candles: Candles, path: string): UsedTick | null {
  if (tickSize === null) return null;
  const isInferred = tickSize === AUTO_TICK;
  const size = isInferred ? inferTickSize(candles) : tickSize;
  if (size === null) {
    throw new InputError(
      `${path}: --tick-size ${AUTO_TICK}: the prices show no tick, most of them are computed: give the instrument's tick`,
    );
  }
  const lowest = candles.low.reduce((least, low) => Math.min(least, low), Number.POSITIVE_INFINITY);
  if (Number(size) >= lowest) {
    throw new InputError(
      `--tick-size ${size} is not below ${lowest}, the lowest price of ${path}: give the instrument's tick`,
    );
  }
  const stopPercent = tickShareOfStop(size, at(candles.close, candles.length - 1), rules);
  return { size, isInferred, stopPercent };
}
