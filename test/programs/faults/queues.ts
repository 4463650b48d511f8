import { type ChannelModel, type ConfirmChannel, connect, type GetMessage, type Options } from "amqplib";
import type { LetterQueue } from "#libs/queue/dead-letter-box.ts";
import { storedLetterOf } from "#libs/queue/rabbitmq/dead-letters.ts";
import { monotonicMs, systemClock } from "#libs/runtime/clock.ts";
import { adviceOn, seenLetter } from "#services/cli/dlq/dead-letter-view.ts";
import { QUEUE_NAMES } from "./stage.ts";

/** One dead letter as it lies in its queue. */
export interface DeadMessage {
  readonly queue: string;
  readonly messageId: string | null;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  /** As `npm run dlq` shows them. */
  readonly reason: string;
  readonly toDo: string;
}

/** A broker that starts on a busy machine takes its time. */
const PATIENCE_MS = 90_000;

/** Does something on a connection of its own that no fault touches; tried again while the broker is away. */
async function onBroker<T>(url: string, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const giveUpMs = monotonicMs() + PATIENCE_MS;
  for (;;) {
    let connection: ChannelModel | undefined;
    try {
      const opened = await connect(url, { timeout: 5_000 });
      connection = opened;
      opened.on("error", () => {});
      // The driver leaves a question without an answer when the connection breaks.
      const broken = new Promise<never>((_, reject) => {
        opened.once("close", () => reject(new Error("the connection broke")));
      });
      broken.catch(() => {});
      return await Promise.race([onChannel(opened, work), broken]);
    } catch (error) {
      if (monotonicMs() > giveUpMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      connection?.close().catch(() => {});
    }
  }
}

async function onChannel<T>(
  connection: ChannelModel,
  work: (channel: ConfirmChannel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createConfirmChannel();
  channel.on("error", () => {});
  const result = await work(channel);
  await channel.close();
  return result;
}

/** How many messages wait in each queue; those in a worker's hands are not counted. */
export function depths(url: string): Promise<Map<string, number>> {
  return onBroker(url, async (channel) => {
    const counts = new Map<string, number>();
    for (const name of QUEUE_NAMES) counts.set(name, (await channel.checkQueue(name)).messageCount);
    return counts;
  });
}

export async function put(
  url: string,
  queue: string,
  letters: readonly { readonly body: Buffer; readonly options: Options.Publish }[],
): Promise<void> {
  await onBroker(url, async (channel) => {
    for (const { body, options } of letters) {
      channel.publish("", queue, body, { persistent: true, mandatory: true, ...options });
    }
    await channel.waitForConfirms();
  });
}

/**
 * Takes what waits, puts each message back twice with all its properties, in another order, and only then lets
 * go of the originals: whatever breaks in between makes more of them, never fewer.
 * @returns how many were taken.
 */
export function duplicate(url: string, queue: string, most: number, random: () => number): Promise<number> {
  return onBroker(url, async (channel) => {
    const taken: GetMessage[] = [];
    while (taken.length < most) {
      const message = await channel.get(queue, { noAck: false });
      if (message === false) break;
      taken.push(message);
    }
    const copies = [...taken, ...taken]
      .map((message) => ({ message, place: random() }))
      .sort((a, b) => a.place - b.place);
    for (const { message } of copies) {
      const { messageId, timestamp, headers, contentType } = message.properties;
      channel.publish("", queue, message.content, {
        persistent: true,
        mandatory: true,
        messageId,
        timestamp,
        contentType,
        headers: withoutBrokerNotes(headers ?? {}),
      });
    }
    await channel.waitForConfirms();
    for (const message of taken) channel.ack(message);
    return taken.length;
  });
}

/** The broker's own counters describe the copy before. */
function withoutBrokerNotes(headers: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-")));
}

/** Takes all dead letters of a queue. */
export function takeDeadLetters(url: string, queue: LetterQueue): Promise<DeadMessage[]> {
  return onBroker(url, async (channel) => {
    const messages: DeadMessage[] = [];
    for (;;) {
      const message = await channel.get(queue.deadLetterName, { noAck: true });
      if (message === false) return messages;
      const letter = storedLetterOf(message, queue);
      messages.push({
        queue: queue.deadLetterName,
        messageId: letter.messageId,
        body: letter.body,
        headers: letter.headers,
        reason: letter.reason,
        toDo: adviceOn(seenLetter(queue, letter, systemClock.nowMs())),
      });
    }
  });
}

/** Deletes the queues, for the next run to start from nothing. */
export function deleteQueues(url: string): Promise<void> {
  return onBroker(url, async (channel) => {
    for (const name of QUEUE_NAMES) await channel.deleteQueue(name);
  });
}
