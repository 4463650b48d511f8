import type { Channel, GetMessage } from "amqplib";
import type { StoredLetter } from "../dead-letter-box.ts";
import type { DeadLetter } from "../queue.ts";
import { readEnvelope } from "./envelope.ts";
import type { DeclaredQueue } from "./topology.ts";

/**
 * Reads the oldest dead letters: gets all of them and returns all of them, because a quorum queue puts a returned
 * message behind those returned before, and a part would lose its place. Meanwhile other readers find none. A
 * connection lost in between returns them too.
 */
export async function peekDeadLetters(
  channel: Channel,
  queue: DeclaredQueue,
  limit: number,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  if (limit === 0) return letters;
  const { messageCount } = await channel.checkQueue(queue.deadLetterName);
  let last: GetMessage | undefined;
  try {
    for (let taken = 0; taken < messageCount; taken++) {
      const message = await channel.get(queue.deadLetterName, { noAck: false });
      if (message === false) break;
      last = message;
      if (letters.length >= limit) continue;
      const { messageId, reason, body } = storedLetterOf(message, queue);
      letters.push({ messageId: messageId ?? "unknown", reason, body: body.toString("utf8") });
    }
  } finally {
    if (last !== undefined) channel.nack(last, true, true);
  }
  return letters;
}

/** The history of a dead letter from its headers; the broker's own headers fill in where ours are missing. */
export function storedLetterOf(message: GetMessage, queue: DeclaredQueue): StoredLetter {
  const headers: Readonly<Record<string, unknown>> = message.properties.headers ?? {};
  const envelope = readEnvelope(message);
  const movedByBroker = headers["x-first-death-reason"] === "delivery_limit";
  return {
    messageId: envelope.messageId,
    reason: reasonOf(headers, queue),
    // The broker dead-letters a message that killed its workers too often; its counters describe the previous copy.
    attempts: movedByBroker ? queue.deliveryLimit : "attempts" in headers ? envelope.attempts : null,
    firstSeenMs: envelope.publishedAtMs ?? millisecondsOf(message.properties.timestamp),
    diedAtMs: envelope.diedAtMs ?? lastDeathMs(headers["x-death"]),
    body: message.content,
    headers,
  };
}

function reasonOf(headers: Readonly<Record<string, unknown>>, queue: DeclaredQueue): string {
  // A message that the broker dead-lettered still carries our reason of the previous attempt.
  const broker = headers["x-first-death-reason"];
  const ours = headers.reason;
  if (broker === "delivery_limit") {
    const last = typeof ours === "string" ? ours : "its workers died before settling it";
    return `delivery limit of ${queue.deliveryLimit} reached: ${last}`;
  }
  if (typeof ours === "string") return ours;
  return typeof broker === "string" ? `dead-lettered by RabbitMQ: ${broker}` : "unknown";
}

/** The broker's `x-death` list; each entry has a time in seconds, which the driver wraps. */
function lastDeathMs(deaths: unknown): number | null {
  if (!Array.isArray(deaths)) return null;
  const times = deaths.map((death: unknown) =>
    millisecondsOf(recordOf(recordOf(death)?.time)?.value ?? recordOf(death)?.time),
  );
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null ? { ...value } : null;
}

/** AMQP timestamps are seconds; a producer may have written anything. */
function millisecondsOf(seconds: unknown): number | null {
  return typeof seconds === "number" && seconds > 0 && seconds < 10_000_000_000 ? seconds * 1_000 : null;
}
