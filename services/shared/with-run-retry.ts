import { FAULTS } from "#libs/contracts/faults.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { QueueError } from "#libs/queue/queue.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { withRetry } from "#libs/runtime/retry.ts";
import { StoreError } from "#libs/store/store-error.ts";

/** A minute and a half in total: longer than a failover, shorter than the period of the schedule. */
const DELAYS_MS = [2_000, 5_000, 10_000, 20_000, 30_000, 30_000];

/** Longer than the ten minutes for which the exchange bans an address, and well within the hour. */
const MAX_ASKED_WAIT_MS = 15 * 60_000;

function mayPass(error: unknown): boolean {
  return (
    error instanceof StoreError ||
    error instanceof QueueError ||
    (error instanceof MarketError && (error.kind === "retryable" || error.kind === "banned"))
  );
}

/**
 * Retries a scheduled run while database, broker or exchange are temporarily unavailable: unlike a queued message, it
 * is not redelivered. The run must be idempotent.
 */
export function withRunRetry<T>(
  parts: { readonly logger: Logger; readonly stopping: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  return withRetry(work, {
    delaysMs: DELAYS_MS,
    shouldRetry: mayPass,
    askedWaitMs: (error) => (error instanceof MarketError ? error.retryAfterMs : null),
    maxAskedWaitMs: MAX_ASKED_WAIT_MS,
    signal: parts.stopping,
    onRetry: ({ error, attempt, waitMs }) =>
      logFault(parts.logger, FAULTS.runRepeated, {
        attempt,
        waitMs,
        reason: error instanceof Error ? error.message : String(error),
      }),
  });
}
