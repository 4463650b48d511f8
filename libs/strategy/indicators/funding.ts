import { at } from "#libs/candles/at.ts";
import type { FundingRates } from "#libs/candles/candles.ts";
import { DAY_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";

export type FundingSentiment = "LONG_HEAVY" | "SHORT_HEAVY" | "NEUTRAL";

/** A rate beyond 0.01 % (as a fraction) means that one side pays to hold. */
export const FUNDING_HEAVY_RATE = 0.0001;

/** Settlements this far from a whole minute, exclusive, count as settled on the minute. */
export const OFF_THE_MINUTE_MS = 1_000;

/**
 * When settlement `k` counts, milliseconds: some exchanges stamp a settlement a few milliseconds off its minute, and
 * a candle that closes on the minute must not depend on which side of it the stamp lies.
 */
export function settlementMs(funding: FundingRates, k: number): number {
  const stampMs = at(funding.timeMs, k);
  const minuteMs = Math.round(stampMs / MINUTE_MS) * MINUTE_MS;
  return Math.abs(stampMs - minuteMs) < OFF_THE_MINUTE_MS ? minuteMs : stampMs;
}

/** Number of settlements at or before a given time; the last of them is the rate that counts. */
export function settledUntil(funding: FundingRates, timeMs: number): number {
  let low = 0;
  let high = funding.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (settlementMs(funding, middle) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An unknown rate (NaN) is neutral. */
export function fundingSentiment(rate: number, heavyRate: number = FUNDING_HEAVY_RATE): FundingSentiment {
  if (rate > heavyRate) return "LONG_HEAVY";
  return rate < -heavyRate ? "SHORT_HEAVY" : "NEUTRAL";
}

/**
 * A settled rate describes the market for at most this long. Longer than the longest funding interval, so that
 * only a history with missing settlements reaches it; live services load settlements from so long before their candles.
 */
export const FUNDING_MAX_AGE_MS = 3 * DAY_MS;
