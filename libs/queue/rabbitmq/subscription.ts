import type { Channel, ChannelModel, ConsumeMessage } from "amqplib";
import { FAULTS } from "#libs/contracts/faults.ts";
import type { QueueDefinition } from "#libs/contracts/queues.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { makeSemaphore } from "#libs/runtime/semaphore.ts";
import { realSleep } from "#libs/runtime/sleep.ts";
import { judgeDelivery, type Verdict } from "../judge-delivery.ts";
import { type ConsumeOptions, type Consumer, type Handler, LONGEST_WAIT_MS, QueueError } from "../queue.ts";
import { type Envelope, publishOptions, type ReceivedEnvelope, readEnvelope } from "./envelope.ts";
import { dropConnection } from "./link.ts";
import type { Publisher } from "./publisher.ts";
import { parkingLevelMs, parkingQueueName } from "./topology.ts";
import { doneWithin } from "./within.ts";

/** A broker that does not answer is not waited for when a consumer stops. */
const GOODBYE_TIMEOUT_MS = 5_000;
/** Between two tries to move a message on while the broker does not take it. */
const MOVE_AGAIN_MS = 1_000;

export interface SubscriptionOptions<T> {
  readonly queue: QueueDefinition<T>;
  readonly handler: Handler<T>;
  readonly consume: ConsumeOptions;
  readonly publisher: Publisher;
  readonly levelsMs: readonly number[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A consumer that starts anew on every connection. */
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
 * Works on what the queue delivers. A message is moved (to a parking queue, to the dead letters, back) by
 * publishing a copy with a confirm and acknowledging the original after it: a crash in between makes two of
 * one, never none. A message goes back the same way, for a negative acknowledgement would count as a failed
 * delivery on brokers before 4.3, and go on counting in the copy that the broker keeps.
 */
export function makeSubscription<T>(options: SubscriptionOptions<T>): Subscription {
  const { queue, publisher, levelsMs, clock, logger } = options;
  const inHand = new Set<Promise<void>>();
  // The broker bounds a channel. After a reconnect there are two: the new one, and the dead one's handlers.
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
    channel.on("error", (error) => logger.warn({ err: error, queue: queue.name }, "consuming channel error"));
    channel.on("close", () => {
      started.open = false;
      if (stopped === undefined) dropConnection(model);
    });
    await channel.prefetch(options.consume.prefetch);
    const { consumerTag } = await channel.consume(queue.name, (message) => take(started, message));
    started.consumerTag = consumerTag;
    logger.info({ queue: queue.name, prefetch: options.consume.prefetch }, "consuming");
  }

  function take(from: Session, message: ConsumeMessage | null): void {
    if (message === null) {
      logger.warn({ queue: queue.name }, "RabbitMQ cancelled the consumer");
      dropConnection(from.model);
      return;
    }
    const job: Promise<void> = work(from, message)
      .catch((error: unknown) => {
        // Unsettled, it comes back when the channel closes: better than to guess.
        logger.error({ err: error, queue: queue.name }, "message could not be settled");
        dropConnection(from.model);
      })
      .finally(() => inHand.delete(job));
    inHand.add(job);
  }

  async function work(from: Session, message: ConsumeMessage): Promise<void> {
    await deliveries.acquire();
    try {
      // It waited while its connection broke: it comes again, and nobody has looked at this delivery.
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
    if (stopped !== undefined) return { kind: "return", reason: "the consumer stops" };
    const nowMs = clock.nowMs();
    const { notBeforeMs, publishedAtMs } = envelope;
    const waitMs = (notBeforeMs ?? nowMs) - nowMs;
    // A wait that is longer than any was not written by us.
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
      // The connection it came on is gone and with it this delivery: the message comes again.
      logger.warn(
        { queue: queue.name, messageId: envelope.messageId, err: error },
        "message settled too late",
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
        // To a consumer that goes on, the message would come back at once, and again: it rests a little.
        return { target: stopped === undefined ? parking(0) : queue.name, envelope: uncounted };
    }
  }

  /** False when the message stays with the broker, unacknowledged, and comes again. */
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
    // A start under way has no tag yet; its channel ends with the connection, or below.
    const last = session;
    if (last?.open && last.consumerTag !== undefined) {
      await doneWithin(ignoreClosed(last.channel.cancel(last.consumerTag)), GOODBYE_TIMEOUT_MS);
    }
    while (inHand.size > 0) await Promise.all(inHand);
    if (last?.open) await doneWithin(ignoreClosed(last.channel.close()), GOODBYE_TIMEOUT_MS);
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

/** A message taken before its time, because no parking queue waits as long as it must. */
interface WaitAgain {
  readonly kind: "wait-again";
  readonly notBeforeMs: number;
}

interface Copy {
  readonly target: string;
  readonly envelope: Envelope;
}

/** To end what has ended already is no failure. */
async function ignoreClosed(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // The connection went first; the broker has forgotten the consumer.
  }
}
