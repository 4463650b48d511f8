import { realSleep, type Sleep } from "./sleep.ts";

/** A failed attempt that will be retried, for a log line. */
export interface RetryNotice {
  readonly error: unknown;
  /** The attempt that failed; the first is 1. */
  readonly attempt: number;
  readonly waitMs: number;
}

export interface RetryPolicy {
  /**
   * The waits between attempts, in milliseconds: n entries give n + 1 attempts. Each wait is shortened by a random part
   * of up to a half (jitter), so that callers that failed together do not retry together.
   */
  readonly delaysMs: readonly number[];
  /** False: the error is thrown at once. */
  readonly shouldRetry: (error: unknown) => boolean;
  /** A wait requested by the server. The longer of it and the table's entry applies. */
  readonly askedWaitMs?: (error: unknown) => number | null;
  /** A longer requested wait is not honoured: the error is thrown. Default 60 seconds. */
  readonly maxAskedWaitMs?: number;
  readonly onRetry?: (notice: RetryNotice) => void;
  /** Aborts the wait with the signal's reason. A running attempt is not interrupted. */
  readonly signal?: AbortSignal | undefined;
  readonly sleep?: Sleep | undefined;
  /** Uniform in [0, 1). */
  readonly random?: (() => number) | undefined;
}

/** Runs the operation until it succeeds, fails permanently, or the table of waits is used up; then throws its error. */
export async function withRetry<T>(
  operation: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
): Promise<T> {
  const { sleep = realSleep, random = Math.random, maxAskedWaitMs = 60_000 } = policy;
  for (let attempt = 1; ; attempt++) {
    policy.signal?.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      const delayMs = policy.delaysMs[attempt - 1];
      if (delayMs === undefined || !policy.shouldRetry(error)) throw error;
      const askedMs = policy.askedWaitMs?.(error) ?? 0;
      if (askedMs > maxAskedWaitMs) throw error;
      const waitMs = Math.max(askedMs, Math.round(delayMs * (1 - random() / 2)));
      policy.onRetry?.({ error, attempt, waitMs });
      await sleep(waitMs, policy.signal);
    }
  }
}

/** A table of exponentially growing waits from `firstMs`, capped at `capMs`. */
export function backoffDelays(table: {
  firstMs: number;
  factor: number;
  capMs: number;
  retries: number;
}): number[] {
  return Array.from({ length: table.retries }, (_, i) =>
    Math.min(table.capMs, table.firstMs * table.factor ** i),
  );
}
