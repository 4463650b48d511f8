import type { Clock } from "#libs/runtime/clock.ts";

export interface TallyReading {
  readonly total: ReadonlyMap<string, number>;
  readonly lastMinute: ReadonlyMap<string, number>;
}

/** Counts by name, since it was made and over the last minute. */
export interface Tally {
  add(name: string, by?: number): void;
  read(): TallyReading;
}

const MINUTE_SECONDS = 60;
/** Names come from strategies too, so there could be any number of them. */
const MOST_NAMES = 50;
/** What is counted when there are too many names already. */
export const OTHERS = "others";

/** The minute before now is held in seconds of the clock: 60 small maps at most. */
export function makeTally(clock: Clock): Tally {
  const total = new Map<string, number>();
  const bySecond = new Map<number, Map<string, number>>();
  const nowSecond = () => Math.floor(clock.nowMs() / 1_000);

  function forget(second: number): void {
    for (const past of bySecond.keys()) {
      // A clock that was set back leaves seconds that are to come: they are of no minute.
      if (past <= second - MINUTE_SECONDS || past > second) bySecond.delete(past);
    }
  }

  return {
    add(name, by = 1) {
      const known = total.has(name) || total.size < MOST_NAMES ? name : OTHERS;
      const second = nowSecond();
      const current = bySecond.get(second) ?? new Map<string, number>();
      if (current.size === 0) {
        forget(second);
        bySecond.set(second, current);
      }
      increase(total, known, by);
      increase(current, known, by);
    },
    read() {
      forget(nowSecond());
      const lastMinute = new Map<string, number>();
      for (const counts of bySecond.values())
        for (const [name, count] of counts) increase(lastMinute, name, count);
      return { total: new Map(total), lastMinute };
    },
  };
}

function increase(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
