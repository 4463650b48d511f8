import { at } from "#libs/candles/at.ts";
import { makeSeededRandom } from "./seeded-random.ts";

/** The smallest p-value is 1 / (RESAMPLES + 1); at 5 % the chance in it is half a percent. */
export const RESAMPLES = 2000;
/** Fixed, so that a figure is a property of its trades: the same on every machine, and whatever their unit. */
const SEED = 0x2545f491;
/** Below this fraction of the largest value a spread is rounding noise. */
const NOISE = 1e-10;

/**
 * How often chance alone gives a mean at least as high as the observed one, when the true mean is 0: the p-value
 * against "the mean trade earns nothing", one-sided.
 *
 * A circular block bootstrap: trades are drawn in runs of about the cube root of their number, in their order of
 * time, so that wins and losses that come in clusters do not pass for skill (Politis and Romano, "A Circular
 * Block-Resampling Procedure for Stationary Data", 1992). Means are compared in units of their own standard error
 * about the null (Hall and Wilson, "Two Guidelines for Bootstrap Hypothesis Testing", Biometrics 47, 1991; Goetze and
 * Kuensch, Annals of Statistics 24, 1996): without it, too many of twenty trades without an edge look like one. The
 * p-value is (1 + hits) / (1 + resamples), never 0 (Davison and Hinkley, "Bootstrap Methods", 1997, section 4.2).
 *
 * @param values in the order of time, for instance net USDT of each trade.
 * @returns null with fewer than two values, or when they do not differ.
 */
export function bootstrapPValue(values: ArrayLike<number>, resamples: number = RESAMPLES): number | null {
  const count = values.length;
  if (count < 2) return null;
  const blockLength = Math.max(1, Math.round(Math.cbrt(count)));
  const drawn = Math.ceil(count / blockLength);
  const blocks = blockMeans(values, blockLength);
  let sum = 0;
  let largest = 0;
  for (const mean of blocks) {
    sum += mean;
    largest = Math.max(largest, Math.abs(mean));
  }
  // Every value is in equally many blocks, so this is the mean of the values too.
  const center = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const distance = at(blocks, i) - center;
    blocks[i] = distance;
    squares += distance * distance;
  }
  const spread = Math.sqrt(squares / count);
  if (!(spread > NOISE * largest)) return null;
  // Of equal results on both sides of a rounding error, none may be lost: ties count as hits.
  const observed = (center / spread) * (1 - 1e-9 * Math.sign(center));
  const random = makeSeededRandom(SEED);
  let hits = 0;
  for (let round = 0; round < resamples; round++) {
    let total = 0;
    let totalSquares = 0;
    for (let k = 0; k < drawn; k++) {
      const distance = at(blocks, random(count));
      total += distance;
      totalSquares += distance * distance;
    }
    const mean = total / drawn;
    const variance = totalSquares / drawn - mean * mean;
    // A resample of one block over and over has no spread: as far from 0 as its mean's sign goes.
    const statistic =
      variance > NOISE * spread * spread
        ? mean / Math.sqrt(variance)
        : Math.sign(mean) * Number.POSITIVE_INFINITY;
    if (statistic >= observed) hits++;
  }
  return (1 + hits) / (1 + resamples);
}

/** Mean of the block that begins at each value; the end is joined to the beginning. */
function blockMeans(values: ArrayLike<number>, blockLength: number): Float64Array {
  const count = values.length;
  const means = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = 0; k < blockLength; k++) sum += values[(i + k) % count] ?? 0;
    means[i] = sum / blockLength;
  }
  return means;
}
