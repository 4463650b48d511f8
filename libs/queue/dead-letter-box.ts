import type { QueueDefinition } from "#libs/contracts/queues.ts";
import { parseBody } from "./message-body.ts";

/** A queue whose messages are looked at whatever their type is. */
export type LetterQueue = Omit<QueueDefinition<unknown>, "messageId">;

/** A message in a dead-letter queue, with what is known of its life. */
export interface StoredLetter {
  /** As its sender set it; null when it did not. */
  readonly messageId: string | null;
  readonly reason: string;
  /** Deliveries that counted; null when nobody counted. */
  readonly attempts: number | null;
  /** When it was first published; milliseconds since the epoch, as `diedAtMs`. */
  readonly firstSeenMs: number | null;
  readonly diedAtMs: number | null;
  /** Whatever the sender wrote, which may be anything. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A dead letter in hand. What is neither retried nor discarded goes back to its place. */
export interface HeldLetter extends StoredLetter {
  /**
   * Publishes it to the queue it came from, as a message that nobody has had in hand, and removes it from the dead
   * letters when the broker has taken it: a crash in between leaves two of it, never none.
   * @param options `anew`: its life begins now, and not when it was first published.
   */
  retry(options: { readonly anew: boolean }): Promise<void>;
  /** Removes it for good. */
  discard(): Promise<void>;
}

/** The dead letters of a broker, for an operator: to look at, to send back, to throw away. */
export interface DeadLetterBox {
  /** For messages: the broker's address without user and password. */
  readonly broker: string;
  /** Letters that wait; those that somebody else has in hand are not among them. */
  count(queue: LetterQueue): Promise<number>;
  /**
   * The letters that are there now, the oldest first and at most `limit`. All there are, also those beyond the limit,
   * are in hand until the loop ends, and nobody else sees them; then the broker has them back in their order, as it
   * has when this process dies.
   * @throws QueueError when the queue is missing or the broker goes away.
   */
  letters(queue: LetterQueue, limit?: number): AsyncGenerator<HeldLetter, void, undefined>;
  close(): Promise<void>;
}

/** What would become of a dead letter that is sent back to its queue. */
export type Prospect =
  /** It would die again at once, for it does not parse. */
  | { readonly kind: "unreadable"; readonly reason: string }
  /** Its queue drops what is so old. */
  | { readonly kind: "expired"; readonly ageMs: number; readonly lifeMs: number }
  /** It failed as often as it may: it may succeed when the cause is gone. */
  | { readonly kind: "exhausted" }
  /** A worker refused it: it may succeed when its reason does not hold any more. */
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
