import type { Channel } from "amqplib";
import type { QueueDefinition } from "#libs/contracts/queues.ts";

/** What the broker needs to know about a queue; the type of its messages does not matter here. */
export type DeclaredQueue = Omit<QueueDefinition<unknown>, "schema" | "messageId">;

/**
 * The delays of the parking queues. A message is parked in the shortest one that covers its delay; a message with a
 * longer delay than the longest one is parked again. There is one queue per delay, because a queue expires messages
 * only at its head: in a shared queue a short delay would be stuck behind a long one.
 */
export const PARKING_LEVELS_MS = [1_000, 5_000, 15_000, 30_000, 60_000, 300_000] as const;

/**
 * Dead letters are inspected by getting and returning them, which counts as a delivery before RabbitMQ 4.3, and 4.x
 * drops a message after 20 deliveries by default. 3.x refuses -1 (no limit).
 */
const UNLIMITED_DELIVERIES = 1_000_000_000;

export interface QueueDeclaration {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

export function parkingQueueName(retryName: string, levelMs: number): string {
  return `${retryName}.${levelMs}ms`;
}

/**
 * Every queue of one definition, as data. All are durable quorum queues, on all versions.
 *
 * - Dead-lettering by the broker is at-least-once: a message leaves its queue after the target has confirmed it
 *   (this requires `overflow: reject-publish`; the default exchange routes by queue name).
 * - The broker's delivery limit counts redeliveries, so a limit of 5 allows a sixth delivery. The consumer handles
 *   that one: it calls its hook and dead-letters the message with the last reason. The broker's limit takes effect
 *   only if even that delivery kills its worker.
 * - A queue whose messages expire has no dead-letter target: the broker would send expired ones there. Its poison
 *   messages reach the dead-letter queue through the consumer, or are dropped if the sixth delivery kills its worker.
 */
export function declarationsOf(queue: DeclaredQueue, levelsMs: readonly number[]): QueueDeclaration[] {
  const quorum = { "x-queue-type": "quorum" } as const;
  const deadLetterTo = (name: string) =>
    ({
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": name,
      "x-dead-letter-strategy": "at-least-once",
      "x-overflow": "reject-publish",
    }) as const;
  return [
    { name: queue.deadLetterName, arguments: { ...quorum, "x-delivery-limit": UNLIMITED_DELIVERIES } },
    {
      name: queue.name,
      arguments: {
        ...quorum,
        "x-delivery-limit": queue.deliveryLimit,
        ...(queue.messageTtlMs === null
          ? deadLetterTo(queue.deadLetterName)
          : { "x-message-ttl": queue.messageTtlMs }),
      },
    },
    ...levelsMs.map((levelMs) => ({
      name: parkingQueueName(queue.retryName, levelMs),
      arguments: { ...quorum, "x-message-ttl": levelMs, ...deadLetterTo(queue.name) },
    })),
  ];
}

/** Declares missing queues; a queue that exists with other arguments closes the channel with code 406. */
export async function declareTopology(
  channel: Channel,
  queues: readonly DeclaredQueue[],
  levelsMs: readonly number[],
): Promise<void> {
  for (const queue of queues) {
    for (const declaration of declarationsOf(queue, levelsMs)) {
      await channel.assertQueue(declaration.name, { durable: true, arguments: declaration.arguments });
    }
  }
}

/** The parking queue for a delay: the shortest level that covers it, or else the longest. */
export function parkingLevelMs(delayMs: number, levelsMs: readonly number[]): number {
  const ascending = [...levelsMs].sort((a, b) => a - b);
  const level = ascending.find((levelMs) => levelMs >= delayMs) ?? ascending.at(-1);
  if (level === undefined) throw new RangeError("no parking levels");
  return level;
}
