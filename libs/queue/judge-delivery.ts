import { FAULTS } from "#libs/contracts/faults.ts";
import type { QueueDefinition } from "#libs/contracts/queues.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { decodeMessage } from "./message-body.ts";
import { type ConsumeOptions, type Handler, LONGEST_WAIT_MS, type Outcome, retryDelayMs } from "./queue.ts";

/** A message as an adapter received it. */
export interface IncomingMessage {
  readonly body: Buffer;
  /** From the envelope; null if the producer did not set it. */
  readonly messageId: string | null;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly redelivered: boolean;
  /** Why the previous delivery failed; null if unknown or if there was none. */
  readonly lastReason: string | null;
  /** Time since its first publication; null if unknown. */
  readonly ageMs: number | null;
}

/** What the adapter must do with the message. */
export type Verdict =
  | { readonly kind: "ack" }
  /** Older than the queue's TTL: dropped, not dead-lettered. */
  | { readonly kind: "expired" }
  | { readonly kind: "park"; readonly delayMs: number; readonly reason: string }
  | { readonly kind: "dead-letter"; readonly reason: string }
  | { readonly kind: "return"; readonly reason: string };

/** Reasons are sent in a message header, and all headers together must fit one AMQP frame. */
const MAX_REASON_LENGTH = 8_000;

/**
 * The rules that every adapter shares, from a delivery to its verdict: expired messages are dropped, unreadable ones
 * and those beyond the delivery limit are dead-lettered, a throw is a retry, and the hook is called before a message
 * is dead-lettered. Calls the handler at most once and never throws.
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
    // Its workers died while processing it: an orderly failure is dead-lettered at the limit below.
    return deadLetter(
      message,
      messageId,
      limitReached(incoming.lastReason ?? "its workers died before settling it"),
    );
  }

  const outcome = await outcomeOf();
  switch (outcome.kind) {
    case "ack":
      return outcome;
    case "return":
      log.info({ queue: queue.name, messageId, reason: outcome.reason }, "message returned to the queue");
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
