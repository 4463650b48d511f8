import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import { FAULTS } from "#libs/contracts/faults.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { QueueError } from "../queue.ts";
import { makeAwaitableResource } from "./awaitable-resource.ts";
import { dropConnection } from "./link.ts";

/**
 * A quorum queue that was full goes on refusing a channel for ever when its limit is lifted (its policy cleared; seen on
 * RabbitMQ 3.10), and takes from any new one. So a channel is given up after so long without a confirm from the queue.
 */
const REFUSED_TOO_LONG_MS = 3_000;

/** One message, ready for the wire. */
export interface Letter {
  readonly body: Buffer;
  readonly messageId: string | null;
  readonly options: Options.Publish;
}

export interface PublisherOptions {
  readonly logger: Logger;
  /** From the call to the last confirm, waiting for the connection included. */
  readonly timeoutMs: number;
  /** Declares the queues, on every connection. */
  readonly declare: (channel: ConfirmChannel) => Promise<void>;
}

export interface Publisher {
  /** For the link: opens the confirming channel on a new connection. */
  setup(model: ChannelModel): Promise<void>;
  /**
   * Puts the letters into the queue in order. Those that lost their connection before the confirm are sent
   * again on the next one, so a letter may arrive twice and never not at all.
   * @throws QueueError when one was refused or has no queue, or the time is over.
   */
  publish(queueName: string, letters: readonly Letter[]): Promise<void>;
  /** Takes no more, and waits for what is under way as long as there is a connection. */
  close(): Promise<void>;
}

interface Session {
  readonly channel: ConfirmChannel;
  readonly model: ChannelModel;
  open: boolean;
  /** Letters that came back for want of a queue and whose confirm is still to come, by queue and id. */
  readonly returned: Map<string, number>;
  /** Since when each queue has confirmed nothing and refused something, on the clock that never goes back. */
  readonly refusedSince: Map<string, number>;
}

type Fate = "confirmed" | "lost" | "refused" | "unroutable";

export function makePublisher({ logger, timeoutMs, declare }: PublisherOptions): Publisher {
  const sessions = makeAwaitableResource<Session>();
  const underWay = new Set<Promise<void>>();
  let closed = false;

  async function publish(queueName: string, letters: readonly Letter[]): Promise<void> {
    const deadlineMs = monotonicMs() + timeoutMs;
    let unsent = letters;
    while (unsent.length > 0) {
      const session = await sessions.take(Math.max(0, deadlineMs - monotonicMs()));
      const fates = await send(session, queueName, unsent, deadlineMs);
      const lettersWith = (fate: Fate) => unsent.filter((_, i) => fates[i] === fate);
      const unroutable = lettersWith("unroutable");
      if (unroutable.length > 0) {
        // Somebody deleted the queue: the next connection declares it again.
        dropConnection(session.model);
        throw new QueueError(`no queue ${queueName} for message ${idsOf(unroutable)}`);
      }
      const refused = lettersWith("refused");
      if (fates.includes("confirmed")) session.refusedSince.delete(queueName);
      if (refused.length > 0) {
        const sinceMs = session.refusedSince.get(queueName) ?? monotonicMs();
        session.refusedSince.set(queueName, sinceMs);
        if (monotonicMs() - sinceMs > REFUSED_TOO_LONG_MS) dropConnection(session.model);
        throw new QueueError(`RabbitMQ refused message ${idsOf(refused)} for queue ${queueName}`);
      }
      unsent = lettersWith("lost");
      if (unsent.length > 0) {
        // A connection that is saying goodbye fails every use at once: nobody else is to take it.
        sessions.remove(session);
        const reason = "the connection broke before the confirm";
        logFault(logger, FAULTS.publishRepeated, { queue: queueName, messages: unsent.length, reason });
      }
    }
  }

  async function send(
    session: Session,
    queueName: string,
    letters: readonly Letter[],
    deadlineMs: number,
  ): Promise<Fate[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new QueueError(`queue ${queueName} did not confirm within ${timeoutMs} ms`)),
        Math.max(0, deadlineMs - monotonicMs()),
      );
    });
    try {
      const fates: Promise<Fate>[] = [];
      for (const letter of letters) {
        const { fate, bufferFull } = sendOne(session, queueName, letter);
        fates.push(fate);
        if (bufferFull && session.open) await Promise.race([drained(session.channel), late]);
      }
      return await Promise.race([Promise.all(fates), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  function publisher(): Publisher {
    return {
      async setup(model) {
        const channel = await model.createConfirmChannel();
        const session: Session = { channel, model, open: true, returned: new Map(), refusedSince: new Map() };
        channel.on("error", (error) => logger.warn({ err: error }, "publishing channel error"));
        channel.on("close", () => {
          session.open = false;
          sessions.remove(session);
          dropConnection(model);
        });
        channel.on("return", (message) => {
          const key = letterKey(message.fields.routingKey, message.properties.messageId ?? null);
          session.returned.set(key, (session.returned.get(key) ?? 0) + 1);
        });
        await declare(channel);
        if (session.open) sessions.put(session);
      },
      publish(queueName, letters) {
        if (closed) return Promise.reject(new QueueError("the queue is closed"));
        const job = publish(queueName, letters).finally(() => underWay.delete(job));
        underWay.add(job);
        return job;
      },
      async close() {
        closed = true;
        sessions.close();
        await Promise.allSettled(underWay);
      },
    };
  }

  return publisher();
}

function sendOne(
  session: Session,
  queueName: string,
  letter: Letter,
): { fate: Promise<Fate>; bufferFull: boolean } {
  let settle: (fate: Fate) => void = () => {};
  const fate = new Promise<Fate>((resolve) => {
    settle = resolve;
  });
  try {
    const room = session.channel.publish("", queueName, letter.body, letter.options, (error) => {
      if (error !== null) {
        // A closing channel fails its confirms before it says that it is closed: look a turn later.
        setImmediate(() => settle(session.open ? "refused" : "lost"));
        return;
      }
      // An unroutable message is confirmed as well; its return comes first.
      settle(takeReturned(session, letterKey(queueName, letter.messageId)) ? "unroutable" : "confirmed");
    });
    return { fate, bufferFull: !room };
  } catch (error) {
    // The channel closed under our hands: the driver throws on every use of it.
    if (session.open && !isClosedError(error)) throw error;
    return { fate: Promise.resolve("lost"), bufferFull: false };
  }
}

function isClosedError(error: unknown): boolean {
  return error instanceof Error && error.name === "IllegalOperationError";
}

function letterKey(queueName: string, messageId: string | null): string {
  return `${queueName} ${messageId ?? ""}`;
}

function takeReturned(session: Session, key: string): boolean {
  const count = session.returned.get(key) ?? 0;
  if (count === 0) return false;
  if (count === 1) session.returned.delete(key);
  else session.returned.set(key, count - 1);
  return true;
}

function drained(channel: ConfirmChannel): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      channel.off("drain", done);
      channel.off("close", done);
      resolve();
    };
    channel.on("drain", done);
    channel.on("close", done);
  });
}

function idsOf(letters: readonly Letter[]): string {
  const shown = letters.slice(0, 3).map(({ messageId }) => messageId ?? "unknown");
  return letters.length > shown.length ? `${shown.join(", ")} and others` : shown.join(", ");
}
