import type { Channel } from "amqplib";
import type { QueueDefinition } from "#libs/contracts/queues.ts";

/** What the broker needs to know of a queue; its messages' type does not matter here. */
export type DeclaredQueue = Omit<QueueDefinition<unknown>, "schema" | "messageId">;

/**
 * The waits that parking queues exist for. A message is parked in the shortest that is not too short, and one
 * that waits longer than the longest is parked again. One queue a wait, because a queue expires messages only
 * at its head: in a shared one a short wait would stand behind a long one.
 */
export const PARKING_LEVELS_MS = [1_000, 5_000, 15_000, 30_000, 60_000, 300_000] as const;

/**
 * Dead letters are looked at by taking and putting back, which counts as a delivery before RabbitMQ 4.3, and
 * 4.x drops a message after 20 of them unless told otherwise. -1 (no limit) is refused by 3.x.
 */
const UNLIMITED_LOOKS = 1_000_000_000;

export interface QueueDeclaration {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

export function parkingQueueName(retryName: string, levelMs: number): string {
  return `${retryName}.${levelMs}ms`;
}

/**
 * Every queue that stands behind one definition, as data. All are durable quorum queues, on all versions.
 *
 * - Dead-lettering by the broker is at-least-once: a message leaves its queue when the target has confirmed it
 *   (this asks for `overflow: reject-publish`; the default exchange routes by queue name).
 * - The broker's delivery limit counts what comes back after the first delivery, so a limit of 5 lets a sixth
 *   delivery through. That one is ours: the consumer tells its hook and dead-letters with the last reason. The
 *   broker's limit strikes only when even that delivery kills its worker.
 * - A queue whose messages expire has no dead-letter target: the broker would send expired ones there. Its
 *   poison messages reach the dead-letter queue through the consumer, or die when their sixth delivery does.
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
    { name: queue.deadLetterName, arguments: { ...quorum, "x-delivery-limit": UNLIMITED_LOOKS } },
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

/** Declares what is missing; what is there with other arguments closes the channel with a 406. */
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

/** The parking queue for a wait: the shortest level that covers it, or else the longest there is. */
export function parkingLevelMs(delayMs: number, levelsMs: readonly number[]): number {
  const ascending = [...levelsMs].sort((a, b) => a - b);
  const level = ascending.find((levelMs) => levelMs >= delayMs) ?? ascending.at(-1);
  if (level === undefined) throw new RangeError("no parking levels");
  return level;
}
