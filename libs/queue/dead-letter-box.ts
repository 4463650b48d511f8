import type { QueueDefinition } from "#libs/contracts/queues.ts";
import { parseBody } from "./message-body.ts";

/** A queue whose messages are inspected regardless of their type. */
export type LetterQueue = Omit<QueueDefinition<unknown>, "messageId">;

/** A message in a dead-letter queue, with its known history. */
export interface StoredLetter {
  /** As the producer set it; null if it did not. */
  readonly messageId: string | null;
  readonly reason: string;
  /** Counted deliveries; null if unknown. */
  readonly attempts: number | null;
  /** When it was first published; milliseconds since the epoch, as `diedAtMs`. */
  readonly firstSeenMs: number | null;
  readonly diedAtMs: number | null;
  /** Untrusted: a producer may have written anything. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A dead letter that is held unacknowledged. Unless it is retried or discarded, it returns to its place. */
export interface HeldLetter extends StoredLetter {
  /**
   * Publishes it to its original queue without delivery attempts, and removes it from the dead letters after the
   * broker has confirmed it: a crash in between duplicates it but never loses it.
   * @param options `anew`: its age counts from now instead of from its first publication.
   */
  retry(options: { readonly anew: boolean }): Promise<void>;
  /** Removes it permanently. */
  discard(): Promise<void>;
}

/** The dead letters of a broker, for an operator: to inspect, retry or discard. */
export interface DeadLetterBox {
  /** For messages: the broker's address without user and password. */
  readonly broker: string;
  /** Letters ready for delivery, without those that another consumer holds. */
  count(queue: LetterQueue): Promise<number>;
  /**
   * The current letters, oldest first, at most `limit`. All letters, including those beyond the limit, are held until
   * the loop ends and are invisible to other consumers. Then they return to the queue in their order, as they do when
   * this process dies.
   * @throws QueueError if the queue does not exist or the connection is lost.
   */
  letters(queue: LetterQueue, limit?: number): AsyncGenerator<HeldLetter, void, undefined>;
  close(): Promise<void>;
}

/** What would happen to a dead letter that is sent back to its queue. */
export type Prospect =
  /** It would be dead-lettered again at once, because it is invalid. */
  | { readonly kind: "unreadable"; readonly reason: string }
  /** Its queue drops messages of this age. */
  | { readonly kind: "expired"; readonly ageMs: number; readonly lifeMs: number }
  /** It reached the delivery limit: it may succeed once the cause is fixed. */
  | { readonly kind: "exhausted" }
  /** A worker dead-lettered it: it may succeed once the reason no longer applies. */
  | { readonly kind: "refused" };

export function prospectOf(queue: LetterQueue, letter: StoredLetter, nowMs: number): Prospect {
  const decoded = parseBody(queue, letter.body);
  if (decoded.kind === "unreadable") return decoded;
  const bornMs = letter.firstSeenMs ?? letter.diedAtMs;
  const lifeMs = queue.messageTtlMs;
  if (lifeMs !== null && bornMs !== null && nowMs - bornMs > lifeMs) {
    return { kind: "expired", ageMs: nowMs - bornMs, lifeMs };
  }
  const exhausted = letter.attempts !== null && letter.attempts >= queue.deliveryLimit;
  return { kind: exhausted ? "exhausted" : "refused" };
}
