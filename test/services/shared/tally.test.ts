import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeTally, OTHERS } from "#services/shared/tally.ts";
import { manualClock } from "#test/support/manual-clock.ts";

const START_MS = 1_768_478_400_000;

describe("a tally", () => {
  it("counts by name, since the start and over the last minute", () => {
    const clock = manualClock(START_MS);
    const tally = makeTally(clock);
    tally.add("done");
    clock.advance(30_000);
    tally.add("done");
    tally.add("failed", 3);
    clock.advance(29_999);
    expect(tally.read().lastMinute).toEqual(
      new Map([
        ["done", 2],
        ["failed", 3],
      ]),
    );
    clock.advance(1);
    expect(tally.read().lastMinute).toEqual(
      new Map([
        ["done", 1],
        ["failed", 3],
      ]),
    );
    clock.advance(60_000);
    expect(tally.read()).toEqual({
      total: new Map([
        ["done", 2],
        ["failed", 3],
      ]),
      lastMinute: new Map(),
    });
  });

  it("counts what any minute's events are, read as often as one likes", () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 40_000 }), name: fc.constantFrom("a", "b") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = manualClock(START_MS);
        const tally = makeTally(clock);
        const seen: { ms: number; name: string }[] = [];
        for (const { waitMs, name } of steps) {
          clock.advance(waitMs);
          tally.add(name);
          seen.push({ ms: clock.nowMs(), name });
          const second = (ms: number) => Math.floor(ms / 1_000);
          const recent = seen.filter(({ ms }) => second(ms) > second(clock.nowMs()) - 60);
          const counted = (list: typeof seen) =>
            Object.fromEntries(
              ["a", "b"]
                .map((which) => [which, list.filter((event) => event.name === which).length] as const)
                .filter(([, count]) => count > 0),
            );
          expect(Object.fromEntries(tally.read().lastMinute)).toEqual(counted(recent));
          expect(Object.fromEntries(tally.read().total)).toEqual(counted(seen));
        }
      }),
    );
  });

  it("does not grow with the names, and loses no count", () => {
    const tally = makeTally(manualClock(START_MS));
    for (let i = 0; i < 1_000; i++) tally.add(`reason ${i}`);
    const { total, lastMinute } = tally.read();
    expect(total.size).toBe(51);
    expect(total.get(OTHERS)).toBe(950);
    expect(lastMinute).toEqual(total);
  });

  it("forgets what a clock that was set back has left in the future", () => {
    const clock = manualClock(START_MS);
    const tally = makeTally(clock);
    tally.add("done");
    clock.advance(-3_600_000);
    tally.add("done");
    expect(tally.read()).toEqual({ total: new Map([["done", 2]]), lastMinute: new Map([["done", 1]]) });
  });
});
