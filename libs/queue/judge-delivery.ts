import { FAULTS } from "#libs/contracts/faults.ts";
import type { QueueDefinition } from "#libs/contracts/queues.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { decodeMessage } from "./message-body.ts";
import { type ConsumeOptions, type Handler, LONGEST_WAIT_MS, type Outcome, retryDelayMs } from "./queue.ts";

/** A message as an adapter took it from its queue. */
export interface IncomingMessage {
  readonly body: Buffer;
  /** From the envelope; null when the sender did not set it. */
  readonly messageId: string | null;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly redelivered: boolean;
  /** Why the delivery before this one did not succeed; null when nobody could say, or there was none. */
  readonly lastReason: string | null;
  /** Since it was first published; null when that is unknown. */
  readonly ageMs: number | null;
}

/** What an adapter has to do with the message now. */
export type Verdict =
  | { readonly kind: "ack" }
  /** Older than the queue lets a message become: gone without a trace in the dead-letter queue. */
  | { readonly kind: "expired" }
  | { readonly kind: "park"; readonly delayMs: number; readonly reason: string }
  | { readonly kind: "dead-letter"; readonly reason: string }
  | { readonly kind: "return"; readonly reason: string };

/** Reasons travel in a message header, which has to fit one AMQP frame with all the others. */
const MAX_REASON_LENGTH = 8_000;

/**
 * The rules that every adapter shares, from a delivery to what becomes of the message: what expired is dropped,
 * what cannot be read or has been delivered too often is dead-lettered, a throw is a retry, and the hook is told
 * before a dead letter. Calls the handler at most once and never throws.
 */
export async function judgeDelivery<T>(
  queue: QueueDefinition<T>,
  incoming: IncomingMessage,
  handler: Handler<T>,
  options: ConsumeOptions,
  log: Logger,
): Promise<Verdict> {
  if (queue.messageTtlMs !== null && incoming.ageMs !== null && incoming.ageMs > queue.messageTtlMs) {
    logFault(log, FAULTS.messageExpired, {
      queue: queue.name,
      messageId: incoming.messageId,
      ageMs: incoming.ageMs,
    });
    return { kind: "expired" };
  }
  const decoded = decodeMessage(queue, incoming.body);
  if (decoded.kind === "unreadable") {
    return deadLetter(undefined, incoming.messageId ?? "unknown", decoded.reason);
  }
  const { message, messageId } = decoded;
  if (incoming.attempt > queue.deliveryLimit) {
    // Its workers died with it in hand: whoever fails in an orderly way is dead-lettered at the limit below.
    return deadLetter(message, messageId, limitReached(incoming.lastReason ?? "its workers never answered"));
  }

  const outcome = await outcomeOf();
  switch (outcome.kind) {
    case "ack":
      return outcome;
    case "return":
      log.info({ queue: queue.name, messageId, reason: outcome.reason }, "message returned to its queue");
      return { kind: "return", reason: shortened(outcome.reason) };
    case "dead-letter":
      return deadLetter(message, messageId, outcome.reason);
    case "retry": {
      if (incoming.attempt >= queue.deliveryLimit) {
        return deadLetter(message, messageId, limitReached(outcome.reason));
      }
      const delayMs = Math.min(
        LONGEST_WAIT_MS,
        Math.max(0, outcome.delayMs ?? retryDelayMs(incoming.attempt)),
      );
      logFault(log, FAULTS.messageRetried, {
        queue: queue.name,
        messageId,
        attempt: incoming.attempt,
        delayMs,
        reason: outcome.reason,
      });
      return { kind: "park", delayMs, reason: shortened(outcome.reason) };
    }
  }

  async function outcomeOf(): Promise<Outcome> {
    const { attempt, redelivered } = incoming;
    try {
      return await handler({ message, messageId, attempt, redelivered });
    } catch (error) {
      log.error({ err: error, queue: queue.name, messageId, attempt }, "message handler failed");
      return { kind: "retry", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async function deadLetter(message: unknown, messageId: string, fullReason: string): Promise<Verdict> {
    const reason = shortened(fullReason);
    logFault(log, FAULTS.messageDead, { queue: queue.name, messageId, attempt: incoming.attempt, reason });
    try {
      await options.onDeadLetter?.({ message, messageId, reason });
    } catch (error) {
      log.error({ err: error, queue: queue.name, messageId }, "dead-letter hook failed");
    }
    return { kind: "dead-letter", reason };
  }

  function limitReached(last: string): string {
    return `delivery limit of ${queue.deliveryLimit} reached: ${last}`;
  }
}

function shortened(reason: string): string {
  return reason.length > MAX_REASON_LENGTH ? `${reason.slice(0, MAX_REASON_LENGTH - 3)}...` : reason;
}
