import { describe, expect, it } from "vitest";
import { backoffDelays, withRetry } from "#libs/runtime/retry.ts";
import { realSleep } from "#libs/runtime/sleep.ts";

function failing(times: number) {
  let calls = 0;
  return {
    calls: () => calls,
    run: async (attempt: number) => {
      calls++;
      if (calls <= times) throw new Error(`failure ${attempt}`);
      return "done";
    },
  };
}

function recordedSleep() {
  const slept: number[] = [];
  return {
    slept,
    sleep: async (ms: number) => {
      slept.push(ms);
    },
  };
}

const always = () => true;

describe("withRetry", () => {
  it("returns what succeeds, after the waits of its table", async () => {
    const { run, calls } = failing(2);
    const { slept, sleep } = recordedSleep();
    const policy = { delaysMs: [100, 300, 900], shouldRetry: always, sleep, random: () => 0 };
    expect(await withRetry(run, policy)).toBe("done");
    expect(calls()).toBe(3);
    expect(slept).toEqual([100, 300]);
  });

  it("throws the last error when the table is used up", async () => {
    const { run, calls } = failing(9);
    const { sleep } = recordedSleep();
    const policy = { delaysMs: [1, 1], shouldRetry: always, sleep };
    await expect(withRetry(run, policy)).rejects.toThrow("failure 3");
    expect(calls()).toBe(3);
  });

  it("throws at once what must not be retried", async () => {
    const { run, calls } = failing(1);
    await expect(withRetry(run, { delaysMs: [1], shouldRetry: () => false })).rejects.toThrow("failure 1");
    expect(calls()).toBe(1);
  });

  it("shortens each wait at random, by a half at most", async () => {
    for (const [random, expected] of [
      [0, 1_000],
      [0.5, 750],
      [0.998, 501],
    ] as const) {
      const { slept, sleep } = recordedSleep();
      await withRetry(failing(1).run, {
        delaysMs: [1_000],
        shouldRetry: always,
        sleep,
        random: () => random,
      });
      expect(slept[0]).toBeCloseTo(expected, 0);
    }
  });

  it("waits as long as it was asked to, if that is longer than its own wait", async () => {
    const { slept, sleep } = recordedSleep();
    const policy = {
      delaysMs: [100, 5_000],
      shouldRetry: always,
      sleep,
      random: () => 0,
      askedWaitMs: () => 2_000,
    };
    await withRetry(failing(2).run, policy);
    expect(slept).toEqual([2_000, 5_000]);
  });

  it("does not wait longer than its limit when asked to", async () => {
    const { slept, sleep } = recordedSleep();
    const policy = { delaysMs: [100], shouldRetry: always, sleep, askedWaitMs: () => 61_000 };
    await expect(withRetry(failing(1).run, policy)).rejects.toThrow("failure 1");
    expect(slept).toEqual([]);
  });

  it("ends a wait with the reason of the signal", async () => {
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const { run, calls } = failing(9);
    const running = withRetry(run, {
      delaysMs: [3_600_000],
      shouldRetry: always,
      signal: controller.signal,
      onRetry: () => setImmediate(() => controller.abort(reason)),
    });
    await expect(running).rejects.toBe(reason);
    expect(calls()).toBe(1);
  });

  it("does not begin when the signal is aborted already", async () => {
    const { run, calls } = failing(0);
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(withRetry(run, { delaysMs: [], shouldRetry: always, signal })).rejects.toThrow("too late");
    expect(calls()).toBe(0);
  });

  it("says what failed before each wait", async () => {
    const notices: unknown[] = [];
    const { sleep } = recordedSleep();
    await withRetry(failing(1).run, {
      delaysMs: [80],
      shouldRetry: always,
      sleep,
      random: () => 0,
      onRetry: (notice) => notices.push(notice),
    });
    expect(notices).toEqual([{ error: new Error("failure 1"), attempt: 1, waitMs: 80 }]);
  });
});

describe("backoffDelays", () => {
  it("grow by the factor up to the cap", () => {
    expect(backoffDelays({ firstMs: 250, factor: 4, capMs: 10_000, retries: 5 })).toEqual([
      250, 1_000, 4_000, 10_000, 10_000,
    ]);
  });
});

describe("realSleep", () => {
  it("rejects with the signal's reason, whether aborted before or during the sleep", async () => {
    const reason = new Error("stop");
    await expect(realSleep(3_600_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = realSleep(3_600_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });

  it("resolves when the time is over", async () => {
    await realSleep(1, new AbortController().signal);
    await realSleep(0);
  });
});
