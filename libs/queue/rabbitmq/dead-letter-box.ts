import { type ConfirmChannel, connect, type GetMessage } from "amqplib";
import { realSleep } from "#libs/runtime/sleep.ts";
import type { DeadLetterBox, HeldLetter, LetterQueue } from "../dead-letter-box.ts";
import { QueueError } from "../queue.ts";
import { parseBrokerUrl } from "./broker-url.ts";
import { storedLetterOf } from "./dead-letters.ts";
import { newEnvelope, publishOptions } from "./envelope.ts";
import { describeError, refusalOf } from "./refusal.ts";
import { doneWithin } from "./within.ts";

const PUT_BACK_LOOKS = 50;
const PUT_BACK_PAUSE_MS = 20;

export interface DeadLetterBoxOptions {
  /** `amqp://` or `amqps://`, with user and password. */
  readonly url: string;
  /** The timeout of each reply: the connection, a letter, a confirm. Default 15 s. */
  readonly timeoutMs?: number;
  readonly nowMs: () => number;
}

/**
 * The dead letters on a RabbitMQ broker. One connection without recovery, and nothing is declared, so it leaves no
 * queues behind on a wrong broker or virtual host.
 * @throws BrokerRefusal if the broker refuses the user, the virtual host or, later, a request.
 * @throws QueueError if the broker cannot be reached.
 */
export async function openDeadLetterBox(options: DeadLetterBoxOptions): Promise<DeadLetterBox> {
  const { timeoutMs = 15_000 } = options;
  const address = parseBrokerUrl(options.url);
  let gone = false;
  let channelError: Error | null = null;
  const connection = await connect(address.connect, {
    rejectUnauthorized: true,
    timeout: timeoutMs,
    clientProperties: { connection_name: "crypto-backtest dead letters" },
  }).catch((error: unknown) => {
    throw (
      refusalOf(error, address) ??
      new QueueError(`no connection to RabbitMQ at ${address.shown}: ${describeError(error, address)}`)
    );
  });
  connection.on("error", () => {
    // Pending requests fail anyway; without a listener the error would crash the process.
  });
  connection.once("close", () => {
    gone = true;
  });

  /** Opens a channel for one request; closing it returns the letters it holds. */
  async function open(): Promise<ConfirmChannel> {
    const channel = await answered(connection.createConfirmChannel());
    channel.on("error", (error) => {
      channelError = error;
    });
    return channel;
  }

  async function answered<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no reply within ${timeoutMs / 1_000} s`)), timeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (error instanceof QueueError) throw error;
      // A confirm that is missing says only that the channel closed; the channel's own error says why.
      const refusal = refusalOf(error, address) ?? refusalOf(channelError, address);
      if (refusal !== null) throw refusal;
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      throw new AnswerError(`RabbitMQ at ${address.shown}: ${describeError(error, address)}`, code);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The number of ready messages in the dead-letter queue. */
  async function waiting(channel: ConfirmChannel, queueName: string): Promise<number> {
    try {
      return (await answered(channel.checkQueue(queueName))).messageCount;
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new QueueError(
        `queue ${queueName} does not exist at ${address.shown}: the services declare it when they first connect; ` +
          "check the broker and virtual host of the URL",
      );
    }
  }

  /** The broker returns letters asynchronously; this waits so that the next caller does not find the queue empty. */
  async function untilBack(channel: ConfirmChannel, queueName: string, messages: number): Promise<void> {
    for (let look = 0; look < PUT_BACK_LOOKS; look++) {
      if ((await waiting(channel, queueName)) >= messages) return;
      await realSleep(PUT_BACK_PAUSE_MS);
    }
    // Another consumer took some in the meantime.
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
        // An unroutable message is confirmed too, after its return.
        if (returned.has(queue.name)) throw new QueueError(`queue ${queue.name} does not exist`);
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
      // Letters that arrive meanwhile are left for the next call; otherwise a busy queue would never end.
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
          // Letters beyond the limit are held too: a part that is returned would move behind the rest.
          if (seen < limit) yield heldLetter(channel, queue, message, returned, onSettled);
        }
      } finally {
        // A closed channel has returned everything.
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
          // The connection was already lost.
        }),
        timeoutMs,
      );
    },
  };
}

/** What the broker answered instead, with its code. The cause is not kept: it may name the user. */
class AnswerError extends QueueError {
  readonly code: unknown;

  constructor(message: string, code: unknown) {
    super(message);
    this.code = code;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof AnswerError && error.code === 404;
}
