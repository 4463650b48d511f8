import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { type CandleBlock, emptyBlock } from "../candle-block.ts";
import { at } from "../candle-page.ts";
import type { Contract } from "./contract.ts";
import { exponential, smallExponential } from "./exponential.ts";
import { type HourPath, sessionActivity } from "./hour-path.ts";
import { key, normalFromBits, RandomStream } from "./random.ts";

const MINUTES_A_DAY = 1440;
const MINUTES_AN_HOUR = 60;
const SQRT_60 = 7.745966692414834;
/** Noise within an hour relative to the hour's deviation: below 1, so that hours have a direction. */
const ROUGHNESS = 0.8;

/**
 * Log offsets of a path from the straight line between its hourly levels, minute by minute: entry `m` is
 * the offset at the end of minute `m` of the day; at each full hour it is 0.
 */
export function bridges(path: HourPath, day: number): Float64Array {
  const offsets = new Float64Array(MINUTES_A_DAY);
  const random = new RandomStream(path.dayKey(day));
  for (let hour = 0; hour < 24; hour++) {
    const scale = (path.deviationAt(day * 24 + hour) * ROUGHNESS) / SQRT_60;
    const from = hour * MINUTES_AN_HOUR;
    let walk = 0;
    for (let i = 0; i < MINUTES_AN_HOUR; i++) {
      walk += scale * normalFromBits(random.bits());
      offsets[from + i] = walk;
    }
    const drift = walk / MINUTES_AN_HOUR;
    for (let i = 0; i < MINUTES_AN_HOUR; i++) offsets[from + i] = at(offsets, from + i) - drift * (i + 1);
  }
  return offsets;
}

/** The components of a contract's prices. */
export interface Motion {
  readonly contract: Contract;
  readonly market: HourPath;
  /** The coin's own path; the same object as `market` if it has none. */
  readonly own: HourPath;
}

/** Log level of a contract relative to its base price, at a full hour. */
function logLevel(motion: Motion, hour: number): number {
  const market = motion.contract.beta * motion.market.levelAt(hour);
  return motion.own === motion.market ? market : market + motion.own.levelAt(hour);
}

/** Deviation of the contract's return in the hour that starts there. */
function hourDeviation(motion: Motion, hour: number): number {
  const market = motion.contract.beta * motion.market.deviationAt(hour);
  if (motion.own === motion.market) return market;
  const own = motion.own.deviationAt(hour);
  return Math.sqrt(market * market + own * own);
}

/**
 * All 1-minute candles of one UTC day (day number since the epoch). Each opens where the previous one closed, also
 * across midnight, because both days derive from the level of the full hour between them.
 */
export function dayCandles(motion: Motion, day: number, marketBridges: Float64Array): CandleBlock {
  const { contract, own, market } = motion;
  const startMs = day * DAY_MS;
  const minuteOf = (timeMs: number) =>
    Math.max(0, Math.min(MINUTES_A_DAY, Math.round((timeMs - startMs) / MINUTE_MS)));
  const first = minuteOf(contract.launchTimeMs);
  const end = contract.tradingEndMs === null ? MINUTES_A_DAY : minuteOf(contract.tradingEndMs);
  const block = emptyBlock(startMs, MINUTE_MS, MINUTES_A_DAY, first, Math.max(first, end));
  if (end <= first) return block;

  const ownBridges = own === market ? null : bridges(own, day);
  const random = new RandomStream(key(own.dayKey(day), 2));
  const { open, high, low, close, volume, turnover } = block;
  const { beta, basePrice, tickUnits, quantityStepUnits } = contract;
  const unitsPerPrice = 10 ** contract.priceDecimals;
  const ticksPerPrice = unitsPerPrice / tickUnits;
  const stepsPerQuantity = 10 ** contract.quantityDecimals / quantityStepUnits;
  const turnoverPerUnits = 10_000 / (unitsPerPrice * 10 ** contract.quantityDecimals);
  const quietBelow = contract.quietShare * 1024;

  const firstHour = Math.floor(first / MINUTES_AN_HOUR);
  let level = logLevel(motion, day * 24 + firstHour);
  let price = basePrice * exponential(level);
  let last = Math.max(1, Math.round(price * ticksPerPrice)) * tickUnits;
  for (let hour = firstHour; hour * MINUTES_AN_HOUR < end; hour++) {
    const absoluteHour = day * 24 + hour;
    const nextLevel = logLevel(motion, absoluteHour + 1);
    const nextPrice = basePrice * exponential(nextLevel);
    const slope = (nextLevel - level) / MINUTES_AN_HOUR;
    const deviation = hourDeviation(motion, absoluteHour) / SQRT_60;
    const wick = price * deviation * ticksPerPrice * 1.3;
    const perDeviation = deviation === 0 ? 0 : 0.6 / deviation;
    const usualSteps =
      (contract.turnoverPerMinute / price) *
      stepsPerQuantity *
      sessionActivity(absoluteHour) *
      own.unrestAt(absoluteHour);
    let before = 0;
    for (let i = 1; i <= MINUTES_AN_HOUR; i++) {
      const minute = hour * MINUTES_AN_HOUR + i - 1;
      const offset =
        slope * i + beta * at(marketBridges, minute) + (ownBridges === null ? 0 : at(ownBridges, minute));
      const bits = random.bits();
      const upper = (bits & 1023) / 1024;
      const lower = ((bits >>> 10) & 1023) / 1024;
      const crowd = (bits >>> 20) / 4096;
      open[minute] = last;
      // The last minute of an hour always trades: the next hour starts from the level it reaches.
      if (crowd * 1024 < quietBelow && i < MINUTES_AN_HOUR) {
        high[minute] = last;
        low[minute] = last;
        close[minute] = last;
        continue;
      }
      const exact = i === MINUTES_AN_HOUR ? nextPrice : price * smallExponential(offset);
      const ticks = Math.max(1, Math.round(exact * ticksPerPrice));
      const now = ticks * tickUnits;
      const top = Math.max(now, last) + Math.round(wick * upper * upper) * tickUnits;
      const body = Math.min(now, last);
      const bottom = Math.max(tickUnits, body - Math.round(wick * lower * lower) * tickUnits);
      high[minute] = top;
      low[minute] = bottom;
      close[minute] = now;
      const move = offset - before;
      const bustle = 0.2 + 1.4 * crowd * crowd + (move < 0 ? -move : move) * perDeviation;
      const quantity = Math.max(1, Math.round(usualSteps * bustle)) * quantityStepUnits;
      volume[minute] = quantity;
      turnover[minute] = Math.round(quantity * (last + top + bottom + now) * 0.25 * turnoverPerUnits);
      before = offset;
      last = now;
    }
    level = nextLevel;
    price = nextPrice;
  }
  return block;
}

/** The full hour at or before a time, in hours since the epoch. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS);
}
