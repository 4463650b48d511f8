import type { QueueDefinition } from "#libs/contracts/queues.ts";

/**
 * The result of a handler; it is the whole protocol.
 * - `ack`: the effect is done (or was done before), and the message is removed.
 * - `retry`: the message waits `delayMs` (default: a table of delays by attempt) in the retry queue and is
 *   redelivered; after `deliveryLimit` deliveries it is dead-lettered with the last reason.
 * - `dead-letter`: the message can never be processed: it is dead-lettered at once, with the reason.
 * - `return`: this worker cannot continue (it is stopping, or banned by the exchange): the message returns to the
 *   queue unchanged, and no attempt is counted.
 */
export type Outcome =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly reason: string; readonly delayMs?: number }
  | { readonly kind: "dead-letter"; readonly reason: string }
  | { readonly kind: "return"; readonly reason: string };

export interface Delivery<T> {
  readonly message: T;
  readonly messageId: string;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** True if the broker reports that it may have been delivered before. */
  readonly redelivered: boolean;
}

/** A throw is a bug or broken infrastructure: it is logged and becomes `retry`. */
export type Handler<T> = (delivery: Delivery<T>) => Promise<Outcome>;

export interface ConsumeOptions {
  /** The maximum number of unacknowledged messages. */
  readonly prefetch: number;
  /**
   * Called before a message is dead-lettered, with the reason, also at the delivery limit, so that the work can be
   * marked as failed. The message is undefined if it is invalid. Best effort: it may run again for the same message,
   * and a throw is logged and does not prevent dead-lettering.
   */
  readonly onDeadLetter?: (letter: { message: unknown; messageId: string; reason: string }) => Promise<void>;
}

/** A running consumer. `stop` takes no more messages and resolves when the unacknowledged ones are settled. */
export interface Consumer {
  stop(): Promise<void>;
}

export interface QueueDepth {
  /** Messages ready for delivery, without those that wait for a retry. */
  readonly ready: number;
  readonly retrying: number;
  readonly dead: number;
}

export interface DeadLetter {
  readonly messageId: string;
  readonly reason: string;
  readonly body: string;
}

/**
 * Publish, consume and measure the depth. Messages are validated against the queue's schema on both sides; an invalid
 * message is dead-lettered on arrival, and its reason names every invalid field.
 */
export interface MessageQueue {
  /**
   * Resolves when the broker has taken responsibility for every message, in order.
   * @throws QueueError if one is unroutable, refused, or not confirmed in time. Publishing again is safe, because
   * consumers are idempotent.
   */
  publish<T>(queue: QueueDefinition<T>, messages: readonly T[]): Promise<void>;
  consume<T>(queue: QueueDefinition<T>, handler: Handler<T>, options: ConsumeOptions): Promise<Consumer>;
  depth<T>(queue: QueueDefinition<T>): Promise<QueueDepth>;
  /** Reads the dead letters without removing them: at most `limit`, oldest first. */
  deadLetters<T>(queue: QueueDefinition<T>, limit: number): Promise<readonly DeadLetter[]>;
  /** Stops all consumers, waits for confirms, closes connections. Safe to call twice. */
  close(): Promise<void>;
}

/** The broker did not accept a message or cannot be reached: publishing again is safe. */
export class QueueError extends Error {
  override readonly name = "QueueError";
}

/** Delays before the second, third, ... delivery unless the handler sets one. The last one repeats. */
const RETRY_DELAYS_MS = [1_000, 5_000, 15_000, 60_000] as const;

/** The longest delay of a delivery: a longer one comes from a corrupt header and would hide its message for ever. */
export const LONGEST_WAIT_MS = 24 * 60 * 60_000;

export function retryDelayMs(attempt: number): number {
  return RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length) - 1] ?? RETRY_DELAYS_MS[0];
}
