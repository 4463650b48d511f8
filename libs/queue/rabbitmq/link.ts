import { type ChannelModel, connect, type RecoveringChannelModel, type SocketOptions } from "amqplib";
import { FAULTS } from "#libs/contracts/faults.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { QueueError } from "../queue.ts";
import type { BrokerAddress } from "./broker-url.ts";
import { tlsRemedy } from "./tls-remedy.ts";
import { doneWithin } from "./within.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** Declaring some twenty queues takes a moment; a broker that has just started takes longer. */
const SETUP_TIMEOUT_MS = 30_000;
const MAX_RECONNECT_DELAY_MS = 10_000;
/** A broker that does not answer a goodbye is left after this. */
const CLOSE_TIMEOUT_MS = 5_000;

export interface LinkOptions {
  readonly address: BrokerAddress;
  /** What the connection is for, in logs and in the broker's list of connections. */
  readonly purpose: string;
  readonly socket: SocketOptions;
  readonly logger: Logger;
  /** How long to try before the first connection stands. */
  readonly startupTimeoutMs: number;
  /** Ends the waiting for the first connection, with the signal's reason as the error. */
  readonly signal: AbortSignal | undefined;
  /**
   * Opens channels, declares and subscribes; runs after every connect. When it fails the connection is
   * dropped and made again.
   */
  readonly setup: (model: ChannelModel) => Promise<void>;
}

/** One connection that comes back without end. */
export interface Link {
  close(): Promise<void>;
}

/**
 * Connects, and from then on reconnects without end with a growing, jittered wait. There is one way back from
 * every failure: the connection ends and `setup` makes everything anew on the next one.
 * @throws QueueError when there is no connection after `startupTimeoutMs`, or at once when trying again cannot
 * help (wrong password, a queue that exists with other arguments, an untrusted certificate).
 */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { address, purpose, logger } = options;
  const fields = { broker: address.shown, connection: purpose };
  const recovering = await connect(address.connect, {
    ...options.socket,
    timeout: CONNECT_TIMEOUT_MS,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: `crypto-backtest ${purpose}` },
    recovery: {
      // Bounded by time below: a count of tries says nothing about how long they take.
      initialMaxRetries: Infinity,
      maxRetries: Infinity,
      maxDelay: MAX_RECONNECT_DELAY_MS,
      waitForConnect: false,
      setup: async (model: ChannelModel) => {
        // Every question in flight listens for the connection's end.
        model.setMaxListeners(0);
        model.on("error", (error) => logger.warn({ ...fields, err: error }, "RabbitMQ connection error"));
        model.on("handler-error", (error) =>
          logger.error({ ...fields, err: error }, "RabbitMQ listener failed"),
        );
        try {
          await whileOpen(model, options.setup(model), SETUP_TIMEOUT_MS);
        } catch (error) {
          // The driver closes what was not set up before it tries again, and when the connection breaks in between it
          // waits for that for ever. A second closing is refused at once.
          model.close().catch(() => {});
          throw error;
        }
      },
    },
  });
  recovering.on("error", () => {
    // Logged at the connection itself; without a listener it would end the process.
  });
  recovering.on("connect", () => logger.info(fields, "connected to RabbitMQ"));
  recovering.on("disconnect", (error) =>
    logger.warn({ ...fields, err: error }, "connection to RabbitMQ lost"),
  );
  recovering.on("reconnect-scheduled", ({ attempt, delay, error }) =>
    logFault(logger, FAULTS.brokerAway, { ...fields, attempt, delayMs: delay, reason: describeError(error) }),
  );
  recovering.on("blocked", (reason) => logFault(logger, FAULTS.brokerBlocks, { ...fields, reason }));
  recovering.on("unblocked", () => logger.info(fields, "RabbitMQ takes messages again"));

  await firstConnection(recovering, options);
  return {
    async close() {
      await doneWithin(recovering.close(), CLOSE_TIMEOUT_MS);
    },
  };
}

/**
 * What the broker answers, or a failure when the connection ends first or no answer comes: the driver leaves some of
 * what it was asked on a connection that broke without an answer for ever, the closing of a channel for one.
 */
export async function whileOpen<T>(model: ChannelModel, answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onClose = () => {};
  const ended = new Promise<never>((_, reject) => {
    onClose = () => reject(new Error("the connection ended before the answer"));
    model.once("close", onClose);
    model.once("error", onClose);
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, ended]);
  } finally {
    clearTimeout(timer);
    model.off("close", onClose);
    model.off("error", onClose);
  }
}

async function firstConnection(
  recovering: RecoveringChannelModel,
  { address, startupTimeoutMs: timeoutMs, signal }: LinkOptions,
): Promise<void> {
  let last = new Error("no answer");
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  try {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      recovering.on("connect-failed", (error) => {
        last = error;
        if (isHopeless(error)) reject(error);
      });
      recovering.once("connect", () => resolve());
      timer = setTimeout(() => reject(last), timeoutMs);
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
    });
  } catch (error) {
    await doneWithin(recovering.close(), CLOSE_TIMEOUT_MS);
    signal?.throwIfAborted();
    const reason = error instanceof Error ? describeError(error) : String(error);
    const waited = error === last && !isHopeless(last) ? ` for ${Math.round(timeoutMs / 1_000)} s` : "";
    throw new QueueError(`no connection to RabbitMQ at ${address.shown}${waited}: ${reason}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

const HOPELESS_CODES = new Set<unknown>([
  // AMQP: ACCESS_REFUSED, NOT_ALLOWED, PRECONDITION_FAILED (other queue arguments)
  403, 530, 406,
]);

/**
 * What went wrong, for people. The driver drops the broker's words when it refuses the virtual host, so that an
 * unknown one cannot be told from one that a starting broker has not opened yet, and both are tried again.
 */
export function describeError(error: Error): string {
  // A name with several addresses fails once for each, and the whole has no words of its own.
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join("; ");
  }
  const remedy = tlsRemedy(error);
  if (remedy !== null) return `${error.message}: ${remedy}`;
  if (!error.message.startsWith("Expected ConnectionOpenOk")) return error.message;
  return `the virtual host is unknown, not allowed to this user, or not open yet (${error.message})`;
}

/** Handshake errors carry the AMQP code only in their text. */
function isHopeless(error: Error): boolean {
  const code = "code" in error ? error.code : undefined;
  return (
    tlsRemedy(error) !== null ||
    HOPELESS_CODES.has(code) ||
    /ACCESS_REFUSED|ACCESS-REFUSED|NOT_ALLOWED|\b(403|530)\b/.test(error.message)
  );
}

/**
 * Ends a connection whose channel died, so that recovery makes all of it anew. A turn later: when the whole
 * connection is going down its channels say so first, and there is nothing left to end.
 */
export function dropConnection(model: ChannelModel): void {
  setImmediate(() => {
    model.close().catch(() => {
      // It was closing or closed already, which is all that is wanted.
    });
  });
}
