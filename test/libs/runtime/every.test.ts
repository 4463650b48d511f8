import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { type EveryOptions, runEvery } from "#libs/runtime/every.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { eventually } from "#test/support/eventually.ts";
import { manualClock } from "#test/support/manual-clock.ts";

const START_MS = Date.UTC(2026, 0, 15, 12, 0, 30);
const MINUTE_MS = 60_000;
/** A minute lasts 0.3 s. */
const SPEED = 200;

describe("runEvery", () => {
  let stop: AbortController;
  beforeEach(() => {
    stop = new AbortController();
  });
  afterEach(() => stop.abort());

  /** Runs, with the clock's time at which each run of the work began. */
  function series(overrides: Partial<EveryOptions> = {}, work: () => Promise<void> = async () => {}) {
    const times: number[] = [];
    const clock = overrides.clock ?? simulatedClock(START_MS, SPEED);
    const running = runEvery(
      {
        everySeconds: 60,
        speed: SPEED,
        stopping: stop.signal,
        logger: capturedLogger().logger,
        ...overrides,
        clock,
      },
      async () => {
        times.push(clock.nowMs());
        await work();
      },
    );
    return { times, running };
  }

  async function finish(running: Promise<void>): Promise<void> {
    stop.abort();
    await running;
  }
  const minuteOf = (ms: number) => Math.floor(ms / MINUTE_MS);

  it("runs once when there is no period, and throws what the work throws", async () => {
    const { times, running } = series({ everySeconds: null });
    await running;
    expect(times).toHaveLength(1);
    const failing = series({ everySeconds: null }, () => Promise.reject(new Error("no exchange")));
    await expect(failing.running).rejects.toThrow("no exchange");
  });

  it("runs at once, and then once in each minute, a moment after it is full", async () => {
    const { times, running } = series();
    await eventually("it has run four times", () => times.length >= 4);
    await finish(running);
    expect(minuteOf(times[0] ?? 0)).toBe(minuteOf(START_MS));
    expect(new Set(times.map(minuteOf)).size).toBe(times.length);
    for (const time of times.slice(1)) {
      expect(time % MINUTE_MS).toBeGreaterThanOrEqual(2_000);
    }
  });

  it("begins with the next full period when the work has just been done", async () => {
    const { times, running } = series({ skipFirst: true });
    await eventually("it has run", () => times.length >= 1);
    await finish(running);
    expect(times[0]).toBeGreaterThanOrEqual(START_MS + 32_000);
  });

  it("never runs twice at the same time, however long a run takes", async () => {
    let inWork = 0;
    let most = 0;
    let ends = 0;
    const { running } = series({}, async () => {
      inWork += 1;
      most = Math.max(most, inWork);
      await new Promise((resolve) => setTimeout(resolve, 350));
      inWork -= 1;
      ends += 1;
    });
    await eventually("two runs have ended", () => ends >= 2);
    await finish(running);
    expect(most).toBe(1);
  });

  it("goes on after a run that failed", async () => {
    const { times, running } = series({}, () => Promise.reject(new Error("no exchange")));
    await eventually("it has run again", () => times.length >= 2);
    await finish(running);
  });

  it("ticks in real time while its clock stands still", async () => {
    // 40 ms before the next tick, and so it stays.
    const clock = manualClock(START_MS - 30_000 + 2_000 - 40);
    const { times, running } = series({ clock, speed: 0 });
    await eventually("it has run three times", () => times.length >= 3);
    await finish(running);
  });

  it("ends a wait at once when it is told to stop, and runs no more", async () => {
    const { times, running } = series({ everySeconds: 3_600, speed: 1, clock: manualClock(START_MS) });
    await eventually("it has run", () => times.length === 1);
    await finish(running);
    expect(times).toHaveLength(1);
  });

  it("does not begin when it was stopped before", async () => {
    stop.abort();
    const { times, running } = series();
    await running;
    expect(times).toEqual([]);
  });
});
