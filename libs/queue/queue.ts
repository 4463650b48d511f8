import type { QueueDefinition } from "#libs/contracts/queues.ts";

/**
 * What a handler says of a message; it is the whole protocol.
 * - `ack`: the effect is done (or was done before): the message is gone.
 * - `retry`: it waits `delayMs` (default: a table of delays by attempt) in the retry queue and comes back;
 *   after `deliveryLimit` deliveries it goes to the dead-letter queue with the last reason.
 * - `dead-letter`: it can never succeed: to the dead-letter queue at once, with the reason.
 * - `return`: this worker cannot go on (it is stopping, or banned by the exchange): the message goes back
 *   unharmed and no attempt is counted.
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
  /** True when the broker says that it may have been delivered before. */
  readonly redelivered: boolean;
}

/** A throw is a bug or broken infrastructure: it is logged and becomes `retry`. */
export type Handler<T> = (delivery: Delivery<T>) => Promise<Outcome>;

export interface ConsumeOptions {
  /** Messages in hand at the same time. */
  readonly prefetch: number;
  /**
   * Told before a message goes to the dead-letter queue, with the reason, also when its deliveries ran out,
   * so that the work can be marked as failed. The message is undefined when it did not parse. Best effort
   * twice over: it may run again for the same message, and a throw is logged and does not stop dead-lettering.
   */
  readonly onDeadLetter?: (letter: { message: unknown; messageId: string; reason: string }) => Promise<void>;
}

/** A running consumer. `stop` takes no more messages and resolves when the ones in hand are settled. */
export interface Consumer {
  stop(): Promise<void>;
}

export interface QueueDepth {
  /** Messages waiting to be delivered, retries that wait for their time not included. */
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
 * Publish, consume, and know the depth. Messages are checked against the queue's schema on both sides;
 * what does not parse on arrival goes to the dead-letter queue with every wrong field named.
 */
export interface MessageQueue {
  /**
   * Resolves when the broker has taken responsibility for every message, in order.
   * @throws QueueError when one is unroutable, refused, or not confirmed in time; publishing again is safe,
   * for consumers' effects are keyed by the message's work.
   */
  publish<T>(queue: QueueDefinition<T>, messages: readonly T[]): Promise<void>;
  consume<T>(queue: QueueDefinition<T>, handler: Handler<T>, options: ConsumeOptions): Promise<Consumer>;
  depth<T>(queue: QueueDefinition<T>): Promise<QueueDepth>;
  /** A look at the dead letters without taking them: at most `limit`, the oldest first. */
  deadLetters<T>(queue: QueueDefinition<T>, limit: number): Promise<readonly DeadLetter[]>;
  /** Stops all consumers, waits for confirms, closes connections. Safe to call twice. */
  close(): Promise<void>;
}

/** The broker did not take a message or cannot be reached: publishing again is safe. */
export class QueueError extends Error {
  override readonly name = "QueueError";
}

/** Waits before the second, third, ... delivery when the handler does not say. The last one repeats. */
export const RETRY_DELAYS_MS = [1_000, 5_000, 15_000, 60_000] as const;

/** The longest wait before a delivery: a longer one comes from a broken header, and its message would never be seen. */
export const LONGEST_WAIT_MS = 24 * 60 * 60_000;

export function retryDelayMs(attempt: number): number {
  return RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length) - 1] ?? RETRY_DELAYS_MS[0];
}
