import { FAULTS } from "#libs/contracts/faults.ts";
import { ContractError } from "#libs/contracts/wire.ts";
import { MarketError } from "#libs/market/market-error.ts";
import type { Delivery, Outcome } from "#libs/queue/queue.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { StoreError } from "#libs/store/store-error.ts";
import type { Middleware } from "./middleware.ts";

export interface FailureParts {
  readonly logger: Logger;
  /** Resolves after `ms`, or at once when the service stops. */
  readonly pause: (ms: number) => Promise<void>;
  readonly stopping: AbortSignal;
}

/**
 * Maps every expected failure of a message to an outcome. Failures of exchange and database go to the retry queue,
 * permanent failures are dead-lettered, and during an exchange ban the message stays unacknowledged. A message that
 * fails because the service is stopping is returned unchanged. Bugs are rethrown.
 * @param loggerOf logger of one message; by default the service's.
 */
export function withFailurePolicy<T>(
  parts: FailureParts,
  loggerOf: (delivery: Delivery<T>) => Logger = () => parts.logger,
): Middleware<T> {
  return (next) => (delivery) => settled({ ...parts, logger: loggerOf(delivery) }, () => next(delivery));
}

async function settled(parts: FailureParts, work: () => Promise<Outcome>): Promise<Outcome> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const outcome = outcomeOf(error);
      if (parts.stopping.aborted && outcome.kind === "retry") {
        return { kind: "return", reason: `service is stopping: ${outcome.reason}` };
      }
      if (!(error instanceof MarketError) || error.kind !== "banned") return outcome;
      const waitMs = error.retryAfterMs ?? 0;
      parts.logger.error(
        {
          seconds: Math.ceil(waitMs / 1000),
          reason: error.message,
          remedy: FAULTS.exchangeBans.remedy,
        },
        "waiting for the end of the exchange ban: message kept",
      );
      await parts.pause(waitMs);
      if (parts.stopping.aborted)
        return { kind: "return", reason: "service is stopping during an exchange ban" };
    }
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof StoreError) return { kind: "retry", reason: error.message };
  // The message is valid, but the item made from it is not, and a retry would make the same item.
  if (error instanceof ContractError) return { kind: "dead-letter", reason: error.message };
  if (!(error instanceof MarketError)) throw error;
  switch (error.kind) {
    case "unknown-symbol":
    case "rejected":
      return { kind: "dead-letter", reason: error.message };
    case "retryable":
    case "incomplete":
    case "banned":
      return error.retryAfterMs === null
        ? { kind: "retry", reason: error.message }
        : { kind: "retry", reason: error.message, delayMs: error.retryAfterMs };
  }
}
