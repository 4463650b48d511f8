import { HOUR_MS } from "#libs/candles/timeframe.ts";
import type { FundingRow } from "../source.ts";
import type { Motion } from "./day-candles.ts";
import { key, normalFromBits } from "./random.ts";

/** Bybit's interest component of the rate and the band within which the premium has no effect, for 8 hours. */
const INTEREST = 0.0001;
const BAND = 0.0005;
const HIGHEST_RATE = 0.004;

/** The premium of a contract whose traders are all on one side. */
const CROWD_PREMIUM = 0.0009;

/**
 * The rate that `hour` would settle (Bybit's formula: premium + clamp(interest - premium, +-0.05 %)). The premium
 * follows the crowd: late in a rise the longs pay, late in a fall the shorts; in quiet markets the rate is the interest
 * of 0.01 %.
 */
export function fundingRateAt(motion: Motion, hour: number): number {
  const { contract, market, own } = motion;
  const crowd = own === market ? own.crowdAt(hour) : own.crowdAt(hour) + 0.2 * market.crowdAt(hour);
  const whim = 0.00005 * normalFromBits(key(own.dayKey(-1), hour));
  const premium = INTEREST + CROWD_PREMIUM * crowd + whim;
  const rate = premium + Math.max(-BAND, Math.min(BAND, INTEREST - premium));
  const share = (contract.fundingIntervalMinutes ?? 480) / 480;
  const capped = Math.max(-HIGHEST_RATE, Math.min(HIGHEST_RATE, rate * share));
  return Math.round(capped * 1e8) / 1e8;
}

/** Settlements within `[fromMs, toMs]`, ascending; none before the contract was a settlement interval old. */
export function settlements(motion: Motion, fromMs: number, toMs: number): readonly FundingRow[] {
  const { contract } = motion;
  if (contract.fundingIntervalMinutes === null) return [];
  const intervalMs = contract.fundingIntervalMinutes * 60_000;
  const lastMs = Math.min(toMs, contract.tradingEndMs ?? toMs);
  const rows: FundingRow[] = [];
  const firstMs = Math.max(fromMs, contract.launchTimeMs + 1);
  for (let timeMs = Math.ceil(firstMs / intervalMs) * intervalMs; timeMs <= lastMs; timeMs += intervalMs) {
    rows.push({ timeMs, rate: fundingRateAt(motion, timeMs / HOUR_MS) });
  }
  return rows;
}
