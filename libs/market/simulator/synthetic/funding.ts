import { HOUR_MS } from "#libs/strategy/timeframe.ts";
import type { FundingRow } from "../source.ts";
import { logLevel, type Motion } from "./day-candles.ts";
import { key, normalFromBits } from "./random.ts";

/** Bybit's interest part of the rate and the band within which the premium does not show, for 8 hours. */
const INTEREST = 0.0001;
const BAND = 0.0005;
const HIGHEST_RATE = 0.004;
const SQRT_24 = 4.898979485566356;

/** How the crowd leans: premium of the contract, for each deviation of the day's move. */
const PREMIUM_PER_DEVIATION = 0.0005;

/**
 * The rate that `hour` would settle (Bybit's formula: premium + clamp(interest - premium, +-0.05 %)). The
 * premium follows the move of the 24 hours before: after a strong rise the longs pay, after a fall the
 * shorts; in quiet markets the rate is the interest of 0.01 %.
 */
export function fundingRateAt(motion: Motion, hour: number): number {
  const { contract, market, own } = motion;
  const marketDeviation = contract.beta * market.usualDeviation;
  const ownDeviation = own === market ? 0 : own.usualDeviation;
  const dayDeviation = SQRT_24 * Math.sqrt(marketDeviation ** 2 + ownDeviation ** 2);
  const move = logLevel(motion, hour) - logLevel(motion, hour - 24);
  const whim = 0.0001 * normalFromBits(key(own.dayKey(-1), hour));
  const premium = INTEREST + (dayDeviation === 0 ? 0 : (PREMIUM_PER_DEVIATION * move) / dayDeviation) + whim;
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
