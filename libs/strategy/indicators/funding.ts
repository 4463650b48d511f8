import { at } from "#libs/candles/at.ts";
import type { FundingRates } from "#libs/candles/candles.ts";

export type FundingSentiment = "LONG_HEAVY" | "SHORT_HEAVY" | "NEUTRAL";

/** A rate beyond 0.01 % (as a fraction) says that one side pays to stay. */
export const FUNDING_HEAVY_RATE = 0.0001;

/** Number of settlements at or before a moment; the last of them is the rate that counts. */
export function settledUntil(funding: FundingRates, timeMs: number): number {
  let low = 0;
  let high = funding.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(funding.timeMs, middle) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An unknown rate (NaN) is neutral. */
export function fundingSentiment(rate: number, heavyRate: number = FUNDING_HEAVY_RATE): FundingSentiment {
  if (rate > heavyRate) return "LONG_HEAVY";
  return rate < -heavyRate ? "SHORT_HEAVY" : "NEUTRAL";
}
