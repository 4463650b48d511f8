import { type ConfirmChannel, connect, type GetMessage } from "amqplib";
import { realSleep } from "#libs/runtime/sleep.ts";
import type { DeadLetterBox, HeldLetter, LetterQueue } from "../dead-letter-box.ts";
import { QueueError } from "../queue.ts";
import { parseBrokerUrl } from "./broker-url.ts";
import { storedLetterOf } from "./dead-letters.ts";
import { newEnvelope, publishOptions } from "./envelope.ts";
import { describeError } from "./link.ts";
import { doneWithin } from "./within.ts";

const PUT_BACK_LOOKS = 50;
const PUT_BACK_PAUSE_MS = 20;

export interface DeadLetterBoxOptions {
  /** `amqp://` or `amqps://`, with user and password. */
  readonly url: string;
  /** For what the broker has to answer: the connection, a letter, a confirm. Default 15 s. */
  readonly timeoutMs?: number;
  readonly nowMs: () => number;
}

/**
 * The dead letters on a RabbitMQ broker. One connection without recovery, and nothing is declared: on a wrong broker
 * or virtual host it leaves no queues behind.
 * @throws QueueError when the broker cannot be reached or refuses the user.
 */
export async function openDeadLetterBox(options: DeadLetterBoxOptions): Promise<DeadLetterBox> {
  const { timeoutMs = 15_000 } = options;
  const address = parseBrokerUrl(options.url);
  let gone = false;
  const connection = await connect(address.connect, {
    rejectUnauthorized: true,
    timeout: timeoutMs,
    clientProperties: { connection_name: "crypto-backtest dead letters" },
  }).catch((error: unknown) => {
    throw new QueueError(`no connection to RabbitMQ at ${address.shown}: ${wordsOf(error)}`, {
      cause: error,
    });
  });
  connection.on("error", () => {
    // Whoever waits for an answer is told; without a listener it would end the process.
  });
  connection.once("close", () => {
    gone = true;
  });

  /** Opens a channel for one question; its end puts back what it holds. */
  async function open(): Promise<ConfirmChannel> {
    const channel = await answered(connection.createConfirmChannel());
    channel.on("error", () => {
      // As above.
    });
    return channel;
  }

  async function answered<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (error instanceof QueueError) throw error;
      throw new QueueError(`RabbitMQ at ${address.shown}: ${wordsOf(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The messages that wait in the dead-letter queue. */
  async function waiting(channel: ConfirmChannel, queueName: string): Promise<number> {
    try {
      return (await answered(channel.checkQueue(queueName))).messageCount;
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new QueueError(
        `there is no queue ${queueName} at ${address.shown}: the services make it when they first connect; ` +
          "is this the right broker and virtual host?",
        { cause: error },
      );
    }
  }

  /** The broker puts back in its own time: whoever asks next is not to find the queue empty. */
  async function untilBack(channel: ConfirmChannel, queueName: string, messages: number): Promise<void> {
    for (let look = 0; look < PUT_BACK_LOOKS; look++) {
      if ((await waiting(channel, queueName)) >= messages) return;
      await realSleep(PUT_BACK_PAUSE_MS);
    }
    // Somebody else took some at the same moment.
  }

  function heldLetter(
    channel: ConfirmChannel,
    queue: LetterQueue,
    message: GetMessage,
    returned: ReadonlySet<string>,
    onSettled: () => void,
  ): HeldLetter {
    const letter = storedLetterOf(message, queue);
    return {
      ...letter,
      async retry({ anew }) {
        const envelope = newEnvelope(anew ? options.nowMs() : letter.firstSeenMs);
        const properties = publishOptions(envelope, letter.messageId);
        await answered(
          new Promise<void>((resolve, reject) => {
            channel.publish("", queue.name, letter.body, properties, (error: unknown) => {
              if (error === null || error === undefined) resolve();
              else reject(error);
            });
          }),
        );
        // An unroutable message is confirmed as well; its return comes first.
        if (returned.has(queue.name)) throw new QueueError(`there is no queue ${queue.name} to send it to`);
        channel.ack(message);
        onSettled();
      },
      async discard() {
        channel.ack(message);
        onSettled();
      },
    };
  }

  return {
    broker: address.shown,
    async count(queue) {
      const channel = await open();
      const messages = await waiting(channel, queue.deadLetterName);
      await answered(channel.close());
      return messages;
    },
    async *letters(queue, limit = Number.POSITIVE_INFINITY) {
      const channel = await open();
      const returned = new Set<string>();
      channel.on("return", (message) => returned.add(message.fields.routingKey));
      // What dies while we look is left for the next look, or a busy queue would never end.
      const most = await waiting(channel, queue.deadLetterName);
      let inHand = 0;
      const onSettled = () => {
        inHand--;
      };
      let isOpen = true;
      channel.once("close", () => {
        isOpen = false;
      });
      try {
        for (let seen = 0; seen < most; seen++) {
          const message = await answered(channel.get(queue.deadLetterName, { noAck: false }));
          if (message === false) break;
          inHand++;
          // Those beyond the limit are taken too: a part that is put back would stand behind the rest.
          if (seen < limit) yield heldLetter(channel, queue, message, returned, onSettled);
        }
      } finally {
        // A channel that is gone has put everything back.
        if (isOpen) {
          channel.nackAll(true);
          await untilBack(channel, queue.deadLetterName, inHand);
          await answered(channel.close());
        }
      }
    },
    async close() {
      if (gone) return;
      await doneWithin(
        connection.close().catch(() => {
          // It went first.
        }),
        timeoutMs,
      );
    },
  };
}

function isMissing(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === 404;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? describeError(error) : String(error);
}
