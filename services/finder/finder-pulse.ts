import type { FinderCounts, ReasonCount } from "#libs/contracts/pulse-item.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { PutOutcome } from "#libs/store/positions-store.ts";
import type { FreshPulse } from "#libs/store/pulse-store.ts";
import type { PulseFrame } from "#services/shared/pulse.ts";
import { makeTally } from "#services/shared/tally.ts";

/** How a search ended, or why it did not. */
export type FindEvent =
  | { readonly kind: "entry"; readonly stored: PutOutcome["kind"] }
  | { readonly kind: "no-entry"; readonly reason: string }
  | { readonly kind: "stale" | "unlisted" | "retry" | "dead-letter" };

export type FindObserver = (event: FindEvent) => void;

/** A strategy's reason is a short sentence; any number of them may be of any length. */
const MOST_REASONS = 20;
const LONGEST_REASON = 160;

/** Counts what a finder sees, for its pulse. */
export function makeFinderPulse(clock: Clock) {
  const ends = makeTally(clock);
  const reasons = makeTally(clock);
  let lastDecisionAt: number | null = null;

  const observe: FindObserver = (event) => {
    ends.add(event.kind);
    if (event.kind === "entry" || event.kind === "no-entry") lastDecisionAt = clock.nowMs();
    if (event.kind === "entry" && event.stored === "stored") ends.add("position");
    if (event.kind === "no-entry") reasons.add(event.reason.slice(0, LONGEST_REASON));
  };

  function read(frame: PulseFrame): FreshPulse {
    const [counts, why] = [ends.read(), reasons.read()];
    return {
      service: "finder",
      ...frame,
      lastWorkAt: lastDecisionAt,
      total: countsOf(counts.total, why.total),
      lastMinute: countsOf(counts.lastMinute, why.lastMinute),
    };
  }
  /** Why there was no entry, since the start. */
  const noEntryReasons = () => reasons.read().total;
  return { observe, read, noEntryReasons };
}

function countsOf(ends: ReadonlyMap<string, number>, why: ReadonlyMap<string, number>): FinderCounts {
  const of = (name: FindEvent["kind"] | "position") => ends.get(name) ?? 0;
  const searched = {
    entries: of("entry"),
    noEntry: of("no-entry"),
    stale: of("stale"),
    unlisted: of("unlisted"),
  };
  return {
    signals: Object.values(searched).reduce((sum, count) => sum + count, 0),
    ...searched,
    positions: of("position"),
    reasons: mostFrequent(why),
    retries: of("retry"),
    deadLetters: of("dead-letter"),
  };
}

function mostFrequent(why: ReadonlyMap<string, number>): ReasonCount[] {
  return [...why]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
    .slice(0, MOST_REASONS);
}
