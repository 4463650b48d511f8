import { realSleep, type Sleep } from "#libs/runtime/sleep.ts";

export interface PacerOptions {
  /** Requests allowed in any second. */
  readonly requestsPerSecond: number;
  /** How many requests may be sent at once after a pause; default a tenth of `requestsPerSecond`. */
  readonly burst?: number;
  /** A monotonic clock, milliseconds. */
  readonly nowMs: () => number;
  readonly sleep?: Sleep | undefined;
}

/** Releases requests in their order, never faster than the rate. */
export interface Pacer {
  /** Resolves when the caller may send one request. */
  acquire(): Promise<void>;
  /** Releases nothing for this long: the exchange's rate limit was reached. */
  pause(ms: number): void;
  /** Rejects all waiting requests with this error. */
  rejectWaiting(error: Error): void;
}

/**
 * A token bucket (small bursts, `requestsPerSecond` on average) under a sliding window (in no window of one second more
 * than `requestsPerSecond`, which a bucket alone exceeds by its burst).
 */
export function makePacer(options: PacerOptions): Pacer {
  const { requestsPerSecond: rate, nowMs, sleep = realSleep } = options;
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new RangeError(`requestsPerSecond must be a positive number, got ${rate}`);
  }
  const burst = Math.max(1, Math.floor(options.burst ?? rate / 10));
  const windowSize = Math.max(1, Math.floor(rate));
  const windowMs = (windowSize / rate) * 1000;
  // A request is released only when the release `windowSize` before it is a whole window old.
  const grantedAtMs = new Float64Array(windowSize).fill(Number.NEGATIVE_INFINITY);
  let grants = 0;
  // The bucket as one number (GCRA): the time at which it would be full again.
  let fullAtMs = Number.NEGATIVE_INFINITY;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;

  interface Waiting {
    readonly grant: () => void;
    readonly refuse: (error: Error) => void;
  }
  let waiting: Waiting[] = [];
  let running = false;
  /** Ends the sleep when no request waits, so that no timer keeps the process alive. */
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
          // Reached only if `sleep` fails: no request may wait for ever.
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
