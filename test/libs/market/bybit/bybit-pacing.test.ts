import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePacer } from "#libs/market/bybit/pacing.ts";

/** Time that passes only while the pacer sleeps, after those who may leave have left. */
function virtualTime() {
  let now = 0;
  return {
    nowMs: () => now,
    pass: (ms: number) => {
      now += ms;
    },
    sleep: async (ms: number) => {
      await new Promise((resolve) => setImmediate(resolve));
      now += ms;
    },
  };
}

/** The moments at which `count` requests leave, in the order they leave. */
async function departures(rate: number, count: number, pauses: readonly number[] = [], burst?: number) {
  const time = virtualTime();
  const pacer = makePacer({
    requestsPerSecond: rate,
    nowMs: time.nowMs,
    sleep: time.sleep,
    ...(burst === undefined ? {} : { burst }),
  });
  const left: { who: number; atMs: number }[] = [];
  const ask = (who: number) => pacer.acquire().then(() => left.push({ who, atMs: time.nowMs() }));
  for (const [batch, pauseMs] of [...pauses, 0].entries()) {
    await Promise.all(Array.from({ length: count }, (_, i) => ask(batch * count + i)));
    time.pass(pauseMs);
  }
  return left;
}

function mostInASecond(moments: readonly number[]): number {
  return Math.max(...moments.map((from) => moments.filter((at) => at >= from && at < from + 1_000).length));
}

describe("the pacer", () => {
  it("never lets more leave in a second than agreed, whatever the pauses and bursts", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 3 }),
        async (rate, count, burst, pauses) => {
          const left = await departures(rate, count, pauses, burst);
          expect(left).toHaveLength(count * (pauses.length + 1));
          expect(mostInASecond(left.map(({ atMs }) => atMs))).toBeLessThanOrEqual(rate);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("lets them leave in the order they came", async () => {
    const left = await departures(20, 100);
    expect(left.map(({ who }) => who)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it("uses the rate it may use", async () => {
    const left = await departures(50, 500);
    expect(left.at(-1)?.atMs).toBeLessThanOrEqual(10_000);
  });

  it("lets only a small burst leave at once", async () => {
    const left = await departures(100, 100);
    expect(left.filter(({ atMs }) => atMs === 0)).toHaveLength(10);
  });

  it("keeps rates below one a second", async () => {
    const left = await departures(0.5, 3);
    expect(left.map(({ atMs }) => atMs)).toEqual([0, 2_000, 4_000]);
  });

  it("lets nobody leave during a pause", async () => {
    const time = virtualTime();
    const pacer = makePacer({ requestsPerSecond: 100, nowMs: time.nowMs, sleep: time.sleep });
    await pacer.acquire();
    pacer.pause(5_000);
    pacer.pause(1_000);
    await pacer.acquire();
    expect(time.nowMs()).toBe(5_000);
  });

  it("refuses all that wait at once, and serves those who come later at their time", async () => {
    const pacer = makePacer({ requestsPerSecond: 10, nowMs: () => performance.now() });
    await pacer.acquire();
    pacer.pause(3_600_000);
    const waiting = [pacer.acquire(), pacer.acquire()].map((one) => one.catch((error: unknown) => error));
    const reason = new Error("stop");
    pacer.rejectWaiting(reason);
    expect(await Promise.all(waiting)).toEqual([reason, reason]);

    let served = false;
    const late = pacer.acquire().then(() => {
      served = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(served).toBe(false);
    pacer.rejectWaiting(reason);
    await expect(late).rejects.toBe(reason);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a rate of %f", (requestsPerSecond) => {
    expect(() => makePacer({ requestsPerSecond, nowMs: () => 0 })).toThrow(RangeError);
  });
});
