import { realSleep, type Sleep } from "#libs/runtime/sleep.ts";

export interface PacerOptions {
  /** Requests allowed in any second. */
  readonly requestsPerSecond: number;
  /** How many may leave at once after a pause; default a tenth of a second's worth. */
  readonly burst?: number;
  /** A clock that never goes back, milliseconds. */
  readonly nowMs: () => number;
  readonly sleep?: Sleep | undefined;
}

/** Lets requests leave in the order they came, never faster than agreed. */
export interface Pacer {
  /** Resolves when the caller may send one request. */
  acquire(): Promise<void>;
  /** Nobody leaves for this long: the exchange said that it is too much. */
  pause(ms: number): void;
  /** Everyone who waits now gets this error. */
  rejectWaiting(error: Error): void;
}

/**
 * A token bucket (small bursts, `requestsPerSecond` on average) under a sliding window (in no stretch of one
 * second more than `requestsPerSecond`, which a bucket alone exceeds by its burst).
 */
export function makePacer(options: PacerOptions): Pacer {
  const { requestsPerSecond: rate, nowMs, sleep = realSleep } = options;
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new RangeError(`requestsPerSecond must be a positive number, is ${rate}`);
  }
  const burst = Math.max(1, Math.floor(options.burst ?? rate / 10));
  const windowSize = Math.max(1, Math.floor(rate));
  const windowMs = (windowSize / rate) * 1000;
  // A moment is granted only when the grant `windowSize` before it is a whole window old.
  const grantedAtMs = new Float64Array(windowSize).fill(Number.NEGATIVE_INFINITY);
  let grants = 0;
  // The bucket as one number (GCRA): the moment at which it would be full again.
  let fullAtMs = Number.NEGATIVE_INFINITY;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;

  interface Waiting {
    readonly grant: () => void;
    readonly refuse: (error: Error) => void;
  }
  let waiting: Waiting[] = [];
  let running = false;
  /** Ends the sleep when nobody waits any more, so that no timer keeps the process alive. */
  let wake = new AbortController();

  function nextMs(): number {
    const windowFreeMs = (grantedAtMs[grants % windowSize] ?? 0) + windowMs;
    const tokenMs = fullAtMs - ((burst - 1) * 1000) / rate;
    return Math.max(pausedUntilMs, windowFreeMs, tokenMs);
  }

  function take(at: number): void {
    grantedAtMs[grants % windowSize] = at;
    grants++;
    fullAtMs = Math.max(fullAtMs, at) + 1000 / rate;
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const at = nowMs();
      const waitMs = nextMs() - at;
      if (waitMs > 0) {
        const { signal } = wake;
        await sleep(Math.ceil(waitMs), signal).catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
        continue;
      }
      take(at);
      waiting.shift()?.grant();
    }
    running = false;
  }

  return {
    acquire() {
      return new Promise<void>((resolve, reject) => {
        waiting.push({ grant: resolve, refuse: reject });
        if (running) return;
        running = true;
        run().catch((error: unknown) => {
          // Only a broken `sleep` gets here; nobody may wait forever for it.
          running = false;
          for (const one of waiting.splice(0))
            one.refuse(new Error("the pacer's timer failed", { cause: error }));
        });
      });
    },
    pause(ms) {
      pausedUntilMs = Math.max(pausedUntilMs, nowMs() + ms);
    },
    rejectWaiting(error) {
      const refused = waiting;
      waiting = [];
      wake.abort();
      wake = new AbortController();
      for (const one of refused) one.refuse(error);
    },
  };
}
