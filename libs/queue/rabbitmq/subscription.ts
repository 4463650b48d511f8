import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { FAULTS } from "#libs/contracts/faults.ts";
import type { QueueDefinition } from "#libs/contracts/queues.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { PermanentFailure } from "#libs/runtime/permanent-failure.ts";
import { makeSemaphore } from "#libs/runtime/semaphore.ts";
import { realSleep } from "#libs/runtime/sleep.ts";
import { judgeDelivery, type Verdict } from "../judge-delivery.ts";
import { type ConsumeOptions, type Consumer, type Handler, LONGEST_WAIT_MS, QueueError } from "../queue.ts";
import { type Envelope, publishOptions, type ReceivedEnvelope, readEnvelope } from "./envelope.ts";
import { dropConnection } from "./link.ts";
import type { Publisher } from "./publisher.ts";
import { parkingLevelMs, parkingQueueName } from "./topology.ts";
import { doneWithin } from "./within.ts";

/** The deadline for closing a consumer when the broker does not reply. */
const CLOSE_TIMEOUT_MS = 5_000;
/** Between attempts to move a message while the broker does not accept it. */
const MOVE_AGAIN_MS = 1_000;

export interface SubscriptionOptions<T> {
  readonly queue: QueueDefinition<T>;
  readonly handler: Handler<T>;
  readonly consume: ConsumeOptions;
  readonly publisher: Publisher;
  readonly levelsMs: readonly number[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** An error's words without user and password. */
  readonly reasonOf: (error: unknown) => string;
}

/** A consumer that starts again on every connection. */
export interface Subscription extends Consumer {
  start(model: ChannelModel): Promise<void>;
}

interface Session {
  readonly channel: Channel;
  readonly model: ChannelModel;
  open: boolean;
  consumerTag: string | undefined;
}

/**
 * Processes the queue's deliveries. A message is moved (to a parking queue, to the dead letters, back to its queue) by
 * publishing a copy with a confirm and then acknowledging the original: a crash in between duplicates it but never
 * loses it. A returned message is moved the same way, because a negative acknowledgement counts as a failed delivery on
 * brokers before 4.3.
 */
export function makeSubscription<T>(options: SubscriptionOptions<T>): Subscription {
  const { queue, publisher, levelsMs, clock, logger, reasonOf } = options;
  const inHand = new Set<Promise<void>>();
  // The broker's prefetch limits a channel. After a reconnect, handlers of the old channel may still be running.
  const deliveries = makeSemaphore(options.consume.prefetch);
  let session: Session | undefined;
  let stopped: Promise<void> | undefined;

  async function start(model: ChannelModel): Promise<void> {
    if (stopped !== undefined || session?.model === model) return;
    const channel = await model.createChannel();
    if (stopped !== undefined) {
      await channel.close();
      return;
    }
    const started: Session = { channel, model, open: true, consumerTag: undefined };
    session = started;
    channel.on("error", (error) =>
      logger.warn({ queue: queue.name, reason: reasonOf(error) }, "consuming channel error"),
    );
    channel.on("close", () => {
      started.open = false;
      if (stopped === undefined) dropConnection(model);
    });
    await channel.prefetch(options.consume.prefetch);
    const { consumerTag } = await channel.consume(queue.name, (message) => take(started, message));
    started.consumerTag = consumerTag;
    logger.info({ queue: queue.name, prefetch: options.consume.prefetch }, "consumer started");
  }

  function take(from: Session, message: ConsumeMessage | null): void {
    if (message === null) {
      logger.warn({ queue: queue.name }, "RabbitMQ cancelled the consumer");
      dropConnection(from.model);
      return;
    }
    const job: Promise<void> = work(from, message)
      .catch((error: unknown) => {
        // Left unsettled, it is redelivered when the channel closes.
        logger.error({ err: error, queue: queue.name }, "could not settle a message");
        dropConnection(from.model);
      })
      .finally(() => inHand.delete(job));
    inHand.add(job);
  }

  async function work(from: Session, message: ConsumeMessage): Promise<void> {
    await deliveries.acquire();
    try {
      // The connection was lost while it waited: it is redelivered, and this delivery was not processed.
      if (!from.open) return;
      const envelope = readEnvelope(message);
      await settle(from, message, envelope, await verdictOn(message, envelope));
    } finally {
      deliveries.release();
    }
  }

  async function verdictOn(
    message: ConsumeMessage,
    envelope: ReceivedEnvelope,
  ): Promise<Verdict | WaitAgain> {
    if (stopped !== undefined) return { kind: "return", reason: "the consumer is stopping" };
    const nowMs = clock.nowMs();
    const { notBeforeMs, publishedAtMs } = envelope;
    const waitMs = (notBeforeMs ?? nowMs) - nowMs;
    // A delay beyond the limit was not written by this code.
    if (notBeforeMs !== null && waitMs > 0 && waitMs <= LONGEST_WAIT_MS)
      return { kind: "wait-again", notBeforeMs };
    return judgeDelivery(
      queue,
      {
        body: message.content,
        messageId: envelope.messageId,
        attempt: envelope.attempt,
        redelivered: envelope.redelivered,
        lastReason: envelope.reason,
        ageMs: publishedAtMs === null ? null : nowMs - publishedAtMs,
      },
      options.handler,
      options.consume,
      logger,
    );
  }

  async function settle(
    from: Session,
    message: ConsumeMessage,
    envelope: ReceivedEnvelope,
    verdict: Verdict | WaitAgain,
  ): Promise<void> {
    if (verdict.kind !== "ack" && verdict.kind !== "expired") {
      const copy = copyFor(envelope, verdict);
      if (!(await moved(from, message, envelope, copy))) return;
    }
    try {
      from.channel.ack(message);
    } catch (error) {
      // The connection of this delivery is lost, so the message is redelivered.
      logger.warn(
        { queue: queue.name, messageId: envelope.messageId, reason: reasonOf(error) },
        "could not acknowledge a message: it will be redelivered",
      );
    }
  }

  function copyFor(
    envelope: ReceivedEnvelope,
    verdict: Exclude<Verdict | WaitAgain, { kind: "ack" | "expired" }>,
  ): Copy {
    const counted = {
      ...envelope,
      seen: true,
      attempts: envelope.attempt,
      notBeforeMs: null,
      diedAtMs: null,
    };
    const uncounted = { ...counted, attempts: envelope.attempt - 1 };
    const parking = (delayMs: number) => parkingQueueName(queue.retryName, parkingLevelMs(delayMs, levelsMs));
    switch (verdict.kind) {
      case "dead-letter":
        return {
          target: queue.deadLetterName,
          envelope: { ...counted, reason: verdict.reason, diedAtMs: clock.nowMs() },
        };
      case "park": {
        const beyondLevels = verdict.delayMs > Math.max(...levelsMs);
        const notBeforeMs = beyondLevels ? clock.nowMs() + verdict.delayMs : null;
        return {
          target: parking(verdict.delayMs),
          envelope: { ...counted, reason: verdict.reason, notBeforeMs },
        };
      }
      case "wait-again":
        return {
          target: parking(verdict.notBeforeMs - clock.nowMs()),
          envelope: { ...uncounted, notBeforeMs: verdict.notBeforeMs },
        };
      case "return":
        // A running consumer would receive the message again at once: it is parked for a short delay.
        return { target: stopped === undefined ? parking(0) : queue.name, envelope: uncounted };
    }
  }

  /** False if the message stays unacknowledged, and the broker redelivers it. */
  async function moved(
    from: Session,
    message: ConsumeMessage,
    envelope: ReceivedEnvelope,
    copy: Copy,
  ): Promise<boolean> {
    const { messageId } = envelope;
    const letter = {
      body: message.content,
      messageId,
      options: publishOptions(copy.envelope, messageId),
    };
    for (;;) {
      try {
        await publisher.publish(copy.target, [letter]);
        return true;
      } catch (error) {
        // The service ends, and the message comes to another worker.
        if (error instanceof PermanentFailure) return false;
        if (!(error instanceof QueueError)) throw error;
        logFault(logger, FAULTS.publishRepeated, {
          queue: queue.name,
          target: copy.target,
          messageId,
          reason: error.message,
        });
        if (!from.open || stopped !== undefined) return false;
        await realSleep(MOVE_AGAIN_MS);
      }
    }
  }

  async function drain(): Promise<void> {
    // A starting consumer has no tag yet; its channel closes with the connection, or below.
    const last = session;
    if (last?.open && last.consumerTag !== undefined) {
      await doneWithin(ignoreClosed(last.channel.cancel(last.consumerTag)), CLOSE_TIMEOUT_MS);
    }
    while (inHand.size > 0) await Promise.all(inHand);
    if (last?.open) await doneWithin(ignoreClosed(last.channel.close()), CLOSE_TIMEOUT_MS);
    logger.info({ queue: queue.name }, "consumer stopped");
  }

  return {
    start,
    stop() {
      stopped ??= Promise.resolve().then(drain);
      return stopped;
    },
  };
}

/** A message delivered before its time, because its delay exceeds that of every parking queue. */
interface WaitAgain {
  readonly kind: "wait-again";
  readonly notBeforeMs: number;
}

interface Copy {
  readonly target: string;
  readonly envelope: Envelope;
}

/** Closing what is already closed is not a failure. */
async function ignoreClosed(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // The connection was lost first, and the broker has removed the consumer.
  }
}
