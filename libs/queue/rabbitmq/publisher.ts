import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import { FAULTS } from "#libs/contracts/faults.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { QueueError } from "../queue.ts";
import { makeAwaitableResource } from "./awaitable-resource.ts";
import { dropConnection } from "./link.ts";

/**
 * A quorum queue that was full keeps refusing a channel for ever after its limit is lifted (its policy cleared; seen on
 * RabbitMQ 3.10), but accepts messages from a new one. So a channel is closed after this time without a confirm.
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
  /** From the call to the last confirm, including the wait for the connection. */
  readonly timeoutMs: number;
  /** Declares the queues, on every connection. */
  readonly declare: (channel: ConfirmChannel) => Promise<void>;
  /** Sees what closes a channel that stood. */
  readonly onChannelError: (error: Error) => void;
  /** An error's words without user and password. */
  readonly reasonOf: (error: unknown) => string;
}

export interface Publisher {
  /** Called by the link: opens the confirm channel on a new connection. */
  setup(model: ChannelModel): Promise<void>;
  /**
   * Publishes the letters in order. Those whose connection is lost before the confirm are published again on the next
   * one (at-least-once delivery).
   * @throws QueueError if one was refused or has no queue, or at the deadline.
   */
  publish(queueName: string, letters: readonly Letter[]): Promise<void>;
  /** The broker refuses permanently: pending and later calls of `publish` fail with this error. */
  refuse(refusal: Error): void;
  /** Accepts no more letters, and waits for pending ones while there is a connection. */
  close(): Promise<void>;
}

interface Session {
  readonly channel: ConfirmChannel;
  readonly model: ChannelModel;
  open: boolean;
  /** Unroutable letters that were returned and not yet confirmed, by queue and id. */
  readonly returned: Map<string, number>;
  /** Since when each queue has refused letters and confirmed none, on the monotonic clock. */
  readonly refusedSince: Map<string, number>;
}

type Fate = "confirmed" | "lost" | "refused" | "unroutable";

export function makePublisher(options: PublisherOptions): Publisher {
  const { logger, timeoutMs, declare, reasonOf } = options;
  const sessions = makeAwaitableResource<Session>();
  const underWay = new Set<Promise<void>>();
  let closedBy: Error | null = null;

  async function publish(queueName: string, letters: readonly Letter[]): Promise<void> {
    const deadlineMs = monotonicMs() + timeoutMs;
    let unsent = letters;
    while (unsent.length > 0) {
      const session = await sessions.take(Math.max(0, deadlineMs - monotonicMs()));
      const fates = await send(session, queueName, unsent, deadlineMs);
      const lettersWith = (fate: Fate) => unsent.filter((_, i) => fates[i] === fate);
      const unroutable = lettersWith("unroutable");
      if (unroutable.length > 0) {
        // The queue was deleted: the next connection declares it again.
        dropConnection(session.model);
        throw new QueueError(`queue ${queueName} does not exist: message ${idsOf(unroutable)} is unroutable`);
      }
      const refused = lettersWith("refused");
      if (fates.includes("confirmed")) session.refusedSince.delete(queueName);
      if (refused.length > 0) {
        const sinceMs = session.refusedSince.get(queueName) ?? monotonicMs();
        session.refusedSince.set(queueName, sinceMs);
        if (monotonicMs() - sinceMs > REFUSED_TOO_LONG_MS) dropConnection(session.model);
        throw new QueueError(`queue ${queueName} refused message ${idsOf(refused)}`);
      }
      unsent = lettersWith("lost");
      if (unsent.length > 0) {
        // A closing connection fails every use at once, so it must not be used again.
        sessions.remove(session);
        const reason = "the connection was lost before the confirm";
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
        let isReady = false;
        const session: Session = { channel, model, open: true, returned: new Map(), refusedSince: new Map() };
        channel.on("error", (error) => {
          logger.warn({ reason: reasonOf(error) }, "publishing channel error");
          // What happens to a channel that is still set up is the link's to judge.
          if (isReady) options.onChannelError(error);
        });
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
        isReady = true;
        if (session.open) sessions.put(session);
      },
      publish(queueName, letters) {
        if (closedBy !== null) return Promise.reject(closedBy);
        const job = publish(queueName, letters).finally(() => underWay.delete(job));
        underWay.add(job);
        return job;
      },
      refuse(refusal) {
        closedBy ??= refusal;
        sessions.close(refusal);
      },
      async close() {
        closedBy ??= new QueueError("the queue is closed");
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
        // A closing channel fails its confirms before it reports that it is closed: check on the next tick.
        setImmediate(() => settle(session.open ? "refused" : "lost"));
        return;
      }
      // An unroutable message is confirmed too, after its return.
      settle(takeReturned(session, letterKey(queueName, letter.messageId)) ? "unroutable" : "confirmed");
    });
    return { fate, bufferFull: !room };
  } catch (error) {
    // The channel has closed: the driver throws on every use of it.
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
