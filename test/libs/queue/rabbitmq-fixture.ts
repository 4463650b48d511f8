import { randomUUID } from "node:crypto";
import { type Channel, type ChannelModel, connect } from "amqplib";
import { pino } from "pino";
import type { MessageQueue } from "#libs/queue/queue.ts";
import { connectRabbitMq, type RabbitMqOptions } from "#libs/queue/rabbitmq/connect.ts";
import { type DeclaredQueue, declarationsOf } from "#libs/queue/rabbitmq/topology.ts";
import { CONTRACT_QUEUES } from "#test/ports/queue-contract.ts";

/** Short waits, so that a retry does not hold up a test. */
export const TEST_LEVELS_MS = [100, 1_000, 60_000] as const;

export interface RabbitMqFixture {
  readonly queue: MessageQueue;
  readonly prefix: string;
  /** A plain channel on the broker, for what the port does not offer. */
  readonly raw: Channel;
  connect(overrides?: Partial<RabbitMqOptions>): Promise<MessageQueue>;
  /** Closes every queue it made, and deletes what they declared. */
  dispose(): Promise<void>;
}

/** Queues of one's own (by prefix) on the broker at `url`. */
export async function makeRabbitMqFixture(
  url: string,
  overrides: Partial<RabbitMqOptions> = {},
): Promise<RabbitMqFixture> {
  const prefix = `${randomUUID().slice(0, 8)}.`;
  const made: MessageQueue[] = [];
  const connectOne = async (more: Partial<RabbitMqOptions> = {}): Promise<MessageQueue> => {
    const queue = await connectRabbitMq({
      url,
      logger: pino({ level: process.env.TEST_LOG_LEVEL ?? "silent" }),
      queues: CONTRACT_QUEUES,
      queuePrefix: prefix,
      parkingLevelsMs: TEST_LEVELS_MS,
      ...overrides,
      ...more,
    });
    made.push(queue);
    return queue;
  };
  const queue = await connectOne();
  const { connection, channel } = await rawChannel(url);
  return {
    queue,
    prefix,
    raw: channel,
    connect: connectOne,
    async dispose() {
      await Promise.all(made.map((one) => one.close()));
      await connection.close().catch(() => {});
      await deleteQueues(url, prefix, overrides.queues ?? CONTRACT_QUEUES);
    },
  };
}

export async function rawChannel(url: string): Promise<{ connection: ChannelModel; channel: Channel }> {
  const connection = await connect(url);
  connection.on("error", () => {});
  const channel = await connection.createChannel();
  channel.on("error", () => {});
  return { connection, channel };
}

export async function deleteQueues(
  url: string,
  prefix: string,
  queues: readonly DeclaredQueue[],
): Promise<void> {
  const { connection, channel } = await rawChannel(url);
  for (const queue of queues) {
    for (const { name } of declarationsOf(queue, TEST_LEVELS_MS)) await channel.deleteQueue(prefix + name);
  }
  await connection.close();
}
