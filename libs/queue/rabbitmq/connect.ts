import type { Channel, ChannelModel } from "amqplib";
import { QUEUES, type QueueDefinition } from "#libs/contracts/queues.ts";
import { type Clock, systemClock } from "#libs/runtime/clock.ts";
import { faultFields } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { encodeMessage } from "../message-body.ts";
import {
  type ConsumeOptions,
  type Consumer,
  type DeadLetter,
  type Handler,
  type MessageQueue,
  QueueError,
} from "../queue.ts";
import { makeAwaitableResource } from "./awaitable-resource.ts";
import { parseBrokerUrl } from "./broker-url.ts";
import { peekDeadLetters } from "./dead-letters.ts";
import { newEnvelope, publishOptions } from "./envelope.ts";
import { dropConnection, type Link, openLink, whileOpen } from "./link.ts";
import { makePublisher } from "./publisher.ts";
import { BrokerRefusal, describeError, refusalOf } from "./refusal.ts";
import { makeSubscription, type Subscription } from "./subscription.ts";
import { type DeclaredQueue, declareTopology, PARKING_LEVELS_MS, parkingQueueName } from "./topology.ts";

export interface RabbitMqOptions {
  /** `amqp://` or `amqps://`, with user and password; neither is ever logged. */
  readonly url: string;
  readonly logger: Logger;
  /**
   * Called once if the broker refuses permanently after the start: nothing is retried, and every request fails with
   * this error. At the start it is thrown.
   */
  readonly onRefused?: (refusal: BrokerRefusal) => void;
  /** The queues to declare on every connection; no others can be used. */
  readonly queues?: readonly DeclaredQueue[];
  /** Prefix of every queue's name, so that tests can share a broker. */
  readonly queuePrefix?: string;
  /** The broker's certificate is always verified; `ca` (PEM) replaces the default authorities. */
  readonly tls?: { readonly ca?: string | Buffer; readonly servername?: string };
  /** From `publish` to the last confirm, including the wait for a lost connection. Default 30 s. */
  readonly publishTimeoutMs?: number;
  /** How long to wait for a broker that is not available yet. Default 60 s. */
  readonly startupTimeoutMs?: number;
  /** Aborts the initial wait for the broker with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The delays of the parking queues. */
  readonly parkingLevelsMs?: readonly number[];
  readonly clock?: Clock;
}

/**
 * The queues on a RabbitMQ broker, 3.10 or later. Publishing and consuming use separate connections: a broker that is
 * low on memory or disk blocks connections that publish, and acknowledgements must get through. Both connections
 * recover, with topology and consumers, until the broker refuses permanently.
 * @throws BrokerRefusal if the broker refuses the user, the virtual host or a queue.
 * @throws QueueError if the URL is invalid, or no broker is available in time.
 */
export async function connectRabbitMq(options: RabbitMqOptions): Promise<MessageQueue> {
  const {
    logger,
    queuePrefix = "",
    publishTimeoutMs = 30_000,
    startupTimeoutMs = 60_000,
    parkingLevelsMs = PARKING_LEVELS_MS,
    clock = systemClock,
  } = options;
  const address = parseBrokerUrl(options.url);
  const declared = (options.queues ?? QUEUES).map(prefixed);
  const declare = (channel: Channel) => declareTopology(channel, declared, parkingLevelsMs);
  const socket = { ...options.tls, rejectUnauthorized: true };

  const reasonOf = (error: unknown) => describeError(error, address);
  const publisher = makePublisher({
    logger,
    timeoutMs: publishTimeoutMs,
    declare,
    reasonOf,
    onChannelError: (error) => {
      // Any other code of an open channel may pass.
      const refusal = "code" in error && error.code === 403 ? refusalOf(error, address) : null;
      if (refusal !== null) refuse(refusal);
    },
  });
  const subscriptions = new Set<Subscription>();
  const consuming = makeAwaitableResource<ChannelModel>();
  let refused: BrokerRefusal | null = null;
  let closing: Promise<void> | undefined;

  /** The first refusal counts: nothing is retried after it. */
  function refuse(refusal: BrokerRefusal): void {
    if (refused !== null || closing !== undefined) return;
    refused = refusal;
    logRefusal(refusal);
    publisher.refuse(refusal);
    consuming.close(refusal);
    options.onRefused?.(refusal);
  }

  function logRefusal({ fault, reason }: BrokerRefusal): void {
    logger.error({ broker: address.shown, reason, ...faultFields(fault) }, fault.message);
  }

  const opened = (linking: Promise<Link>) =>
    linking.catch((error: unknown) => {
      if (error instanceof BrokerRefusal) logRefusal(error);
      throw error;
    });
  const common = { address, socket, logger, startupTimeoutMs, signal: options.signal, onRefused: refuse };
  const publishingLink = await opened(
    openLink({ ...common, purpose: "publishing", setup: (model) => publisher.setup(model) }),
  );
  const consumingLink = await opened(
    openLink({ ...common, purpose: "consuming", setup: setUpConsuming }),
  ).catch(async (error: unknown) => {
    await publishingLink.close();
    throw error;
  });

  async function setUpConsuming(model: ChannelModel): Promise<void> {
    model.once("close", () => consuming.remove(model));
    const channel = await model.createChannel();
    channel.on("error", (error) => logger.warn({ reason: reasonOf(error) }, "declaring channel error"));
    await declare(channel);
    await channel.close();
    for (const subscription of subscriptions) await subscription.start(model);
    consuming.put(model);
  }

  function prefixed<Q extends DeclaredQueue>(queue: Q): Q {
    return {
      ...queue,
      name: queuePrefix + queue.name,
      deadLetterName: queuePrefix + queue.deadLetterName,
      retryName: queuePrefix + queue.retryName,
    };
  }

  /** The queue with its name on the broker. */
  function known<T>(queue: QueueDefinition<T>): QueueDefinition<T> {
    const named = prefixed(queue);
    if (!declared.some(({ name }) => name === named.name)) {
      throw new QueueError(`queue ${named.name} is not declared: add it to the queues of the connection`);
    }
    return named;
  }

  /** A short-lived channel: a query about a missing queue closes only its own channel. */
  async function withChannel<R>(work: (channel: Channel) => Promise<R>): Promise<R> {
    const model = await consuming.take(publishTimeoutMs);
    const answerOn = async () => {
      const channel = await model.createChannel();
      channel.on("error", (error) => logger.warn({ reason: reasonOf(error) }, "query channel error"));
      const result = await work(channel);
      await channel.close();
      return result;
    };
    try {
      return await whileOpen(model, answerOn(), publishTimeoutMs);
    } catch (error) {
      throw new QueueError(`RabbitMQ did not answer: ${reasonOf(error)}`);
    }
  }

  async function closeAll(): Promise<void> {
    await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
    consuming.close();
    await publisher.close();
    await Promise.all([publishingLink.close(), consumingLink.close()]);
  }

  return {
    async publish<T>(queue: QueueDefinition<T>, messages: readonly T[]) {
      const target = known(queue);
      const publishedAtMs = clock.nowMs();
      const letters = messages.map((message) => {
        const { messageId, body } = encodeMessage(target, message);
        return { messageId, body, options: publishOptions(newEnvelope(publishedAtMs), messageId) };
      });
      await publisher.publish(target.name, letters);
    },
    async consume<T>(
      queue: QueueDefinition<T>,
      handler: Handler<T>,
      consume: ConsumeOptions,
    ): Promise<Consumer> {
      if (closing !== undefined) throw new QueueError("the queue is closed");
      const subscription = makeSubscription({
        queue: known(queue),
        handler,
        consume,
        publisher,
        levelsMs: parkingLevelsMs,
        clock,
        logger,
        reasonOf,
      });
      subscriptions.add(subscription);
      // Without a connection, the next one starts it.
      const model = consuming.peek();
      if (model !== undefined) await startNow(subscription, model);
      return {
        async stop() {
          await subscription.stop();
          subscriptions.delete(subscription);
        },
      };
    },
    async depth(queue) {
      const { name, retryName, deadLetterName } = known(queue);
      return withChannel(async (channel) => {
        const count = async (queueName: string) => (await channel.checkQueue(queueName)).messageCount;
        let retrying = 0;
        for (const levelMs of parkingLevelsMs) retrying += await count(parkingQueueName(retryName, levelMs));
        return { ready: await count(name), retrying, dead: await count(deadLetterName) };
      });
    },
    async deadLetters(queue, limit): Promise<readonly DeadLetter[]> {
      return withChannel((channel) => peekDeadLetters(channel, known(queue), limit));
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function startNow(subscription: Subscription, model: ChannelModel): Promise<void> {
    try {
      await whileOpen(model, subscription.start(model), publishTimeoutMs);
    } catch (error) {
      const refusal = refusalOf(error, address);
      if (refusal !== null) {
        logRefusal(refusal);
        throw refusal;
      }
      // The connection has just been lost or does not respond; the next one starts it.
      dropConnection(model);
      logger.warn(
        { reason: reasonOf(error) },
        "could not start the consumer: it starts on the next connection",
      );
    }
  }
}
