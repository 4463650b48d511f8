import { ContractError } from "#libs/contracts/wire.ts";
import { MarketError } from "#libs/market/market-error.ts";
import type { Outcome } from "#libs/queue/queue.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { StoreError } from "#libs/store/store-error.ts";

export interface FailureParts {
  readonly logger: Logger;
  /** Resolves after `ms`, or at once when the service is told to stop. */
  readonly pause: (ms: number) => Promise<void>;
  readonly stopping: AbortSignal;
}

/**
 * Does the work of one message and turns every expected failure into what happens to the message:
 * the exchange's and the database's failures wait in the retry queue, what can never succeed is dead-lettered,
 * and while the exchange bans this address the message stays in hand. What did not work out because the service
 * is stopping goes back as it came. A bug is thrown on.
 */
export async function withFailurePolicy(parts: FailureParts, work: () => Promise<Outcome>): Promise<Outcome> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const outcome = outcomeOf(error);
      if (parts.stopping.aborted && outcome.kind === "retry") {
        return { kind: "return", reason: `stopped: ${outcome.reason}` };
      }
      if (!(error instanceof MarketError) || error.kind !== "banned") return outcome;
      const waitMs = error.retryAfterMs ?? 0;
      parts.logger.error(
        { seconds: Math.ceil(waitMs / 1000), reason: error.message },
        "the exchange bans this address: no calls until then, the message is kept; lower BYBIT_REQUESTS_PER_SECOND",
      );
      await parts.pause(waitMs);
      if (parts.stopping.aborted) return { kind: "return", reason: "stopped during an exchange ban" };
    }
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof StoreError) return { kind: "retry", reason: error.message };
  // The message parses, but what would be written for it does not: it never will.
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
