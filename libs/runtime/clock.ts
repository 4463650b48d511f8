/** Time as a dependency: the only file that reads the machine's clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
}

/** A clock that can be set forward. */
export interface SimulatedClock extends Clock {
  advance(ms: number): void;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/**
 * A clock that starts at `startMs` and runs `speed` times as fast as real time; with speed 0 it is stopped. For
 * simulations: everything that uses simulated candles reads the same clock.
 */
export function simulatedClock(startMs: number, speed: number): SimulatedClock {
  const anchorMs = performance.now();
  let aheadMs = 0;
  return {
    nowMs: () => startMs + aheadMs + Math.floor((performance.now() - anchorMs) * speed),
    advance(ms) {
      aheadMs += ms;
    },
  };
}

/** A clock that stops at a moment. */
export function stoppingClock(clock: Clock, endMs: number): Clock {
  return { nowMs: () => Math.min(clock.nowMs(), endMs) };
}

/** Monotonic milliseconds since an arbitrary start, for measuring durations. */
export function monotonicMs(): number {
  return performance.now();
}

/** The machine's clock, or one that is stopped at the given time (milliseconds). */
export function clockOf(simulatedMs: number | undefined): Clock {
  return simulatedMs === undefined ? systemClock : simulatedClock(simulatedMs, 0);
}
