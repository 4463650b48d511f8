import { MarketError } from "../market-error.ts";

/**
 * The exchange's ban of this IP address. While it lasts, nothing may be sent: each request during a ban prolongs it.
 */
export interface Ban {
  /** Starts or prolongs the ban, and aborts every wait that uses `signal()`. */
  start(durationMs: number, why: string): MarketError;
  /** Throws a `MarketError` of kind `banned`, with the remaining time, while the ban lasts. */
  assertNone(): void;
  /** Aborted, with the error as the reason, at the next ban's start. */
  signal(): AbortSignal;
}

export function makeBan(nowMs: () => number): Ban {
  let untilMs = Number.NEGATIVE_INFINITY;
  let reason = "";
  let controller = new AbortController();

  function error(): MarketError {
    const remainingMs = Math.max(0, Math.ceil(untilMs - nowMs()));
    return new MarketError(
      "banned",
      `${reason}; all requests are suspended for ${Math.ceil(remainingMs / 1000)} s`,
      { retryAfterMs: remainingMs },
    );
  }

  return {
    start(durationMs, why) {
      untilMs = Math.max(untilMs, nowMs() + durationMs);
      reason = why;
      const started = error();
      const previous = controller;
      controller = new AbortController();
      previous.abort(started);
      return started;
    },
    assertNone() {
      if (nowMs() < untilMs) throw error();
    },
    signal: () => controller.signal,
  };
}
