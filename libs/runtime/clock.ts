/** Time as a dependency: the only file that reads the machine's clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/**
 * A clock that starts at `startMs` and runs `speed` times as fast as real time; speed 0 stands still.
 * For simulations: everything that trades on simulated candles reads the same one.
 */
export function simulatedClock(startMs: number, speed: number): Clock {
  const anchorMs = performance.now();
  return { nowMs: () => startMs + Math.floor((performance.now() - anchorMs) * speed) };
}

/** Milliseconds since some fixed moment, never going back: for measuring durations. */
export function monotonicMs(): number {
  return performance.now();
}

/** The machine's clock, or one that stands still at the given moment (milliseconds). */
export function clockOf(simulatedMs: number | undefined): Clock {
  return simulatedMs === undefined ? systemClock : simulatedClock(simulatedMs, 0);
}
