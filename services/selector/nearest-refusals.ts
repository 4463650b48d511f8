import type { Candidate, Refusal } from "./choose.ts";

/**
 * How near a refused strategy was to being taken: the distance of the figure that is farthest below its limit, relative
 * to the limit. A better figure never makes it larger, and it is 0 in the limit only, where the strategy is taken.
 */
export function distanceOf(refusal: Refusal): number {
  return Math.max(...refusal.shortfalls.map(({ distance }) => distance));
}

/** The refusals that were nearest to being taken, the nearest first; equally near ones by name. */
export function nearestRefusals(refusals: readonly Refusal[], most: number): readonly Refusal[] {
  return refusals
    .map((refusal) => ({ refusal, distance: distanceOf(refusal), name: nameOf(refusal.candidate) }))
    .sort((a, b) => a.distance - b.distance || compare(a.name, b.name))
    .slice(0, most)
    .map(({ refusal }) => refusal);
}

/** One of a selection: no two candidates share it. */
export function nameOf({ symbol, timeframe, strategy }: Candidate): string {
  return `${symbol} ${timeframe} ${strategy}`;
}

export function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
