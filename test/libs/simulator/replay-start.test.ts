import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replayRange, runningReplayStartMs } from "#libs/simulator/recorded/replay-start.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 0, 1);

const source = (...days: readonly (readonly [from: number, to: number])[]) => ({
  coverage: () =>
    days.map(([from, to], i) => ({
      symbol: `C${i}USDT`,
      fromMs: START + from * DAY_MS,
      toMs: START + to * DAY_MS,
    })),
});

describe("the range of a recording", () => {
  it("is that of most symbols: some begin later or end earlier", () => {
    expect(replayRange(source([0, 90], [0, 90], [60, 90], [0, 10]))).toEqual({
      fromMs: START,
      toMs: START + 90 * DAY_MS,
    });
  });
});

describe("the start of a running replay", () => {
  const range = { fromMs: START, toMs: START + 90 * DAY_MS };
  const days = (...values: readonly number[]) => values.map((value) => value * DAY_MS);

  it("is where the longest history that leaves a day fits", () => {
    expect(runningReplayStartMs(range, days(14, 30, 60, 90), DAY_MS)).toBe(
      START + 60 * DAY_MS + MINUTE_MS / 2,
    );
    expect(runningReplayStartMs(range, days(14, 30), DAY_MS)).toBe(START + 30 * DAY_MS + MINUTE_MS / 2);
  });

  it("is in the middle of a recording that is shorter than every history", () => {
    const short = { fromMs: START, toMs: START + 2 * DAY_MS };
    expect(runningReplayStartMs(short, days(14, 30), DAY_MS)).toBe(START + DAY_MS + MINUTE_MS / 2);
  });

  it("lies within the recording, half a minute after a half hour, whatever the recording is", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 120, max: 200_000 }),
        fc.array(fc.integer({ min: 1, max: 365 }), { minLength: 1, maxLength: 5 }),
        (minutes, histories) => {
          const one = { fromMs: START + 7 * MINUTE_MS, toMs: START + (7 + minutes) * MINUTE_MS };
          const startMs = runningReplayStartMs(one, days(...histories), DAY_MS);
          expect(startMs).toBeGreaterThan(one.fromMs);
          expect(startMs).toBeLessThan(one.toMs);
          expect(startMs % (30 * MINUTE_MS)).toBe(MINUTE_MS / 2);
        },
      ),
    );
  });
});
