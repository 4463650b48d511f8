import type { QueueDefinition } from "#libs/contracts/queues.ts";
import { type Clock, systemClock } from "#libs/runtime/clock.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { judgeDelivery, type Verdict } from "../judge-delivery.ts";
import { encodeMessage } from "../message-body.ts";
import {
  type ConsumeOptions,
  type Consumer,
  type DeadLetter,
  type Handler,
  type MessageQueue,
  QueueError,
} from "../queue.ts";

export interface InProcessQueueOptions {
  readonly logger: Logger;
  /** For the age of messages; retry delays are always in real time. */
  readonly clock?: Clock;
}

/** The port, and a way to publish unvalidated bodies, as another producer on a real broker can. */
export interface InProcessQueue extends MessageQueue {
  publishRaw<T>(queue: QueueDefinition<T>, body: Buffer, messageId?: string): Promise<void>;
}

/** The delay of a returned message while its consumer continues: it must not loop. */
const RETURN_PAUSE_MS = 1_000;

interface StoredMessage {
  readonly body: Buffer;
  readonly messageId: string | null;
  readonly publishedMs: number;
  /** Counted deliveries. */
  readonly attempts: number;
  readonly seen: boolean;
  readonly lastReason: string | null;
}

interface ActiveConsumer {
  /** Takes ready messages up to the prefetch limit. */
  pump(): void;
  stop(): Promise<void>;
}

interface State {
  ready: StoredMessage[];
  readonly parked: Map<NodeJS.Timeout, StoredMessage>;
  readonly dead: { readonly message: StoredMessage; readonly reason: string }[];
  readonly consumers: Set<ActiveConsumer>;
}

/**
 * Queues within one process. The rules are those of the broker's adapter, and bodies are JSON bytes too, so a message
 * that would not survive a real queue does not survive this one. The content is lost with the process.
 */
export function makeInProcessQueue({ logger, clock = systemClock }: InProcessQueueOptions): InProcessQueue {
  const states = new Map<string, State>();
  let closed = false;

  function stateOf(name: string): State {
    const known = states.get(name);
    if (known !== undefined) return known;
    const state: State = { ready: [], parked: new Map(), dead: [], consumers: new Set() };
    states.set(name, state);
    return state;
  }

  function assertOpen(): void {
    if (closed) throw new QueueError("the queue is closed");
  }

  function enqueue(state: State, message: StoredMessage): void {
    state.ready.push(message);
    for (const consumer of state.consumers) consumer.pump();
  }

  function park(state: State, message: StoredMessage, delayMs: number): void {
    const timer = setTimeout(() => {
      state.parked.delete(timer);
      enqueue(state, message);
    }, delayMs);
    state.parked.set(timer, message);
  }

  function dropExpired<T>(queue: QueueDefinition<T>, state: State): void {
    const { messageTtlMs } = queue;
    if (messageTtlMs === null) return;
    const oldestMs = clock.nowMs() - messageTtlMs;
    state.ready = state.ready.filter(({ publishedMs }) => publishedMs >= oldestMs);
  }

  function add<T>(queue: QueueDefinition<T>, body: Buffer, messageId: string | null): void {
    enqueue(stateOf(queue.name), {
      body,
      messageId,
      publishedMs: clock.nowMs(),
      attempts: 0,
      seen: false,
      lastReason: null,
    });
  }

  function settle(state: State, message: StoredMessage, verdict: Verdict, stopping: boolean): void {
    switch (verdict.kind) {
      case "ack":
      case "expired":
        return;
      case "dead-letter":
        state.dead.push({ message, reason: verdict.reason });
        return;
      case "park":
        park(
          state,
          { ...message, attempts: message.attempts + 1, seen: true, lastReason: verdict.reason },
          verdict.delayMs,
        );
        return;
      case "return": {
        const back = { ...message, seen: true };
        if (stopping) enqueue(state, back);
        else park(state, back, RETURN_PAUSE_MS);
      }
    }
  }

  function startConsumer<T>(
    queue: QueueDefinition<T>,
    handler: Handler<T>,
    options: ConsumeOptions,
  ): ActiveConsumer {
    const state = stateOf(queue.name);
    const inHand = new Set<Promise<void>>();
    let stopping = false;

    async function work(message: StoredMessage): Promise<void> {
      const verdict = await judgeDelivery(
        queue,
        {
          body: message.body,
          messageId: message.messageId,
          attempt: message.attempts + 1,
          redelivered: message.seen,
          lastReason: message.lastReason,
          ageMs: clock.nowMs() - message.publishedMs,
        },
        handler,
        options,
        logger,
      );
      settle(state, message, verdict, stopping);
    }

    const consumer: ActiveConsumer = {
      pump() {
        while (!stopping && inHand.size < options.prefetch) {
          const message = state.ready.shift();
          if (message === undefined) return;
          // In a later tick, as with a broker: a handler never runs inside its own publish.
          const job: Promise<void> = Promise.resolve()
            .then(() => work(message))
            .finally(() => {
              inHand.delete(job);
              consumer.pump();
            });
          inHand.add(job);
        }
      },
      async stop() {
        stopping = true;
        await Promise.all(inHand);
        state.consumers.delete(consumer);
      },
    };
    state.consumers.add(consumer);
    consumer.pump();
    return consumer;
  }

  return {
    async publish<T>(queue: QueueDefinition<T>, messages: readonly T[]) {
      assertOpen();
      const encoded = messages.map((message) => encodeMessage(queue, message));
      for (const { body, messageId } of encoded) add(queue, body, messageId);
    },
    async publishRaw(queue, body, messageId) {
      assertOpen();
      add(queue, body, messageId ?? null);
    },
    async consume<T>(
      queue: QueueDefinition<T>,
      handler: Handler<T>,
      options: ConsumeOptions,
    ): Promise<Consumer> {
      assertOpen();
      return startConsumer(queue, handler, options);
    },
    async depth(queue) {
      assertOpen();
      const state = stateOf(queue.name);
      dropExpired(queue, state);
      return { ready: state.ready.length, retrying: state.parked.size, dead: state.dead.length };
    },
    async deadLetters(queue, limit): Promise<readonly DeadLetter[]> {
      assertOpen();
      return stateOf(queue.name)
        .dead.slice(0, limit)
        .map(({ message, reason }) => ({
          messageId: message.messageId ?? "unknown",
          reason,
          body: message.body.toString("utf8"),
        }));
    },
    async close() {
      closed = true;
      const consumers = [...states.values()].flatMap((state) => [...state.consumers]);
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      for (const state of states.values()) {
        for (const timer of state.parked.keys()) clearTimeout(timer);
        state.parked.clear();
      }
    },
  };
}
