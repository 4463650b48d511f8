import type { Channel, GetMessage } from "amqplib";
import type { DeadLetter } from "../queue.ts";
import type { DeclaredQueue } from "./topology.ts";

/**
 * Looks at the oldest dead letters: takes them and puts all of them back. While one looks, another who looks
 * finds the rest. A connection lost in between puts them back too.
 */
export async function peekDeadLetters(
  channel: Channel,
  queue: DeclaredQueue,
  limit: number,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  let last: GetMessage | undefined;
  try {
    while (letters.length < limit) {
      const message = await channel.get(queue.deadLetterName, { noAck: false });
      if (message === false) break;
      last = message;
      letters.push(deadLetterOf(message, queue));
    }
  } finally {
    if (last !== undefined) channel.nack(last, true, true);
  }
  return letters;
}

function deadLetterOf(message: GetMessage, queue: DeclaredQueue): DeadLetter {
  const messageId: unknown = message.properties.messageId;
  return {
    messageId: typeof messageId === "string" ? messageId : "unknown",
    reason: reasonOf(message, queue),
    body: message.content.toString("utf8"),
  };
}

function reasonOf(message: GetMessage, queue: DeclaredQueue): string {
  const { headers } = message.properties;
  // What the broker itself moved carries our reason of the attempt before, which did not decide.
  const broker: unknown = headers?.["x-first-death-reason"];
  const ours: unknown = headers?.reason;
  if (broker === "delivery_limit") {
    const last = typeof ours === "string" ? ours : "its workers never answered";
    return `delivery limit of ${queue.deliveryLimit} reached: ${last}`;
  }
  if (typeof ours === "string") return ours;
  return typeof broker === "string" ? `dead-lettered by RabbitMQ: ${broker}` : "unknown";
}
