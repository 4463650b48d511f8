import { describe, expect, it } from "vitest";
import { pause } from "#libs/runtime/pause.ts";

const HOUR_MS = 3_600_000;

describe("a pause", () => {
  it("ends when its time is over, at once when there is none", async () => {
    await pause(1);
    await pause(0);
    await pause(-5);
  });

  it("ends without an error when it is told to, before or in the middle of it", async () => {
    await pause(HOUR_MS, AbortSignal.abort());
    const stop = new AbortController();
    const pausing = pause(HOUR_MS, stop.signal);
    stop.abort(new Error("stopping"));
    await expect(pausing).resolves.toBeUndefined();
  });
});
