import { type ChannelModel, connect, type RecoveringChannelModel, type SocketOptions } from "amqplib";
import { FAULTS } from "#libs/contracts/faults.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { logFault } from "#libs/runtime/fault-log.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { QueueError } from "../queue.ts";
import type { BrokerAddress } from "./broker-url.ts";
import { BrokerRefusal, describeError, isVirtualHostRefused, refusalOf } from "./refusal.ts";
import { tlsRemedy } from "./tls-remedy.ts";
import { doneWithin } from "./within.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** Declaring some twenty queues takes a while, longer on a broker that has just started. */
const SETUP_TIMEOUT_MS = 30_000;
const MAX_RECONNECT_DELAY_MS = 10_000;
/** The deadline of the close handshake. */
const CLOSE_TIMEOUT_MS = 5_000;
/** How long a virtual host must be refused before it counts as refused permanently. */
const VIRTUAL_HOST_PATIENCE_MS = 10_000;

export interface LinkOptions {
  readonly address: BrokerAddress;
  /** What the connection is for, in logs and in the broker's list of connections. */
  readonly purpose: string;
  readonly socket: SocketOptions;
  readonly logger: Logger;
  /** How long to try to open the first connection. */
  readonly startupTimeoutMs: number;
  /** Aborts the wait for the first connection with the signal's reason. */
  readonly signal: AbortSignal | undefined;
  /**
   * Opens channels, declares and subscribes; runs after every connect. If it fails, the connection is closed and
   * opened again.
   */
  readonly setup: (model: ChannelModel) => Promise<void>;
  /** A reconnect was refused permanently: the link has ended. At startup `openLink` throws instead. */
  readonly onRefused: (refusal: BrokerRefusal) => void;
}

/** One connection that recovers until it is closed or refused permanently. */
export interface Link {
  close(): Promise<void>;
}

/**
 * Connects, and from then on reconnects with jittered backoff until the broker refuses permanently. There is one way to
 * recover from every failure: the connection closes and `setup` restores everything on the next one.
 * @throws BrokerRefusal if the broker refuses the user, the virtual host or a queue.
 * @throws QueueError if there is no connection after `startupTimeoutMs`, or at once if the certificate is not trusted.
 */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { address, purpose, logger } = options;
  const fields = { broker: address.shown, connection: purpose };
  const reasonOf = (error: unknown) => describeError(error, address);
  const recovering = await connect(address.connect, {
    ...options.socket,
    timeout: CONNECT_TIMEOUT_MS,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: `crypto-backtest ${purpose}` },
    recovery: {
      // Bounded by time below: a number of attempts does not bound their duration.
      initialMaxRetries: Infinity,
      maxRetries: Infinity,
      maxDelay: MAX_RECONNECT_DELAY_MS,
      waitForConnect: false,
      setup: async (model: ChannelModel) => {
        // Every pending request listens for the connection's close.
        model.setMaxListeners(0);
        model.on("error", (error) =>
          logger.warn({ ...fields, reason: reasonOf(error) }, "RabbitMQ connection error"),
        );
        model.on("handler-error", (error) =>
          logger.error({ ...fields, err: error }, "RabbitMQ listener failed"),
        );
        try {
          await whileOpen(model, options.setup(model), SETUP_TIMEOUT_MS);
        } catch (error) {
          // The driver closes a connection whose setup failed before it retries, and waits for ever if the connection
          // is lost in between. A second close fails at once.
          model.close().catch(() => {});
          throw error;
        }
      },
    },
  });
  recovering.on("error", () => {
    // Already logged by the connection; without a listener the error would crash the process.
  });
  recovering.on("connect", () => logger.info(fields, "connected to RabbitMQ"));
  recovering.on("disconnect", (error) =>
    logger.warn({ ...fields, reason: reasonOf(error) }, "RabbitMQ connection lost"),
  );
  recovering.on("reconnect-scheduled", ({ attempt, delay, error }) =>
    logFault(logger, FAULTS.brokerAway, { ...fields, attempt, delayMs: delay, reason: reasonOf(error) }),
  );
  recovering.on("blocked", (reason) => logFault(logger, FAULTS.brokerBlocks, { ...fields, reason }));
  recovering.on("unblocked", () => logger.info(fields, "RabbitMQ unblocked publishers"));

  const judge = makeJudge(address, recovering);
  await firstConnection(recovering, judge, options);
  recovering.on("connect-failed", (error) => {
    const refusal = judge(error);
    if (refusal === null) return;
    // Before the next attempt is scheduled.
    void doneWithin(recovering.close(), CLOSE_TIMEOUT_MS);
    options.onRefused(refusal);
  });
  return {
    async close() {
      await doneWithin(recovering.close(), CLOSE_TIMEOUT_MS);
    },
  };
}

/**
 * The broker's reply, or a failure if the connection closes first or no reply arrives: the driver never settles some
 * requests on a lost connection, for example the close of a channel.
 */
export async function whileOpen<T>(model: ChannelModel, answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onClose = () => {};
  const ended = new Promise<never>((_, reject) => {
    onClose = () => reject(new Error("the connection closed before the reply"));
    model.once("close", onClose);
    model.once("error", onClose);
    timer = setTimeout(() => reject(new Error(`no reply within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([answer, ended]);
  } finally {
    clearTimeout(timer);
    model.off("close", onClose);
    model.off("error", onClose);
  }
}

/** Waits for the first connection; stops the recovery if there is none in time or the refusal is permanent. */
async function firstConnection(
  recovering: RecoveringChannelModel,
  judge: (error: Error) => BrokerRefusal | null,
  { address, startupTimeoutMs: timeoutMs, signal }: LinkOptions,
): Promise<void> {
  let last = new Error("no reply");
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  try {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      recovering.on("connect-failed", (error) => {
        last = error;
        const refusal = judge(error);
        if (refusal !== null) reject(refusal);
        else if (tlsRemedy(error) !== null) reject(error);
      });
      recovering.once("connect", () => resolve());
      timer = setTimeout(() => reject(refusalOf(last, address) ?? last), timeoutMs);
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
    });
  } catch (error) {
    await doneWithin(recovering.close(), CLOSE_TIMEOUT_MS);
    signal?.throwIfAborted();
    if (error instanceof BrokerRefusal) throw error;
    const waited =
      error === last && tlsRemedy(last) === null ? ` for ${Math.round(timeoutMs / 1_000)} s` : "";
    throw new QueueError(
      `no connection to RabbitMQ at ${address.shown}${waited}: ${describeError(error, address)}`,
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Judges the failures of one connection in order. A refused virtual host may be one that a starting broker has not
 * opened yet, so it counts only if it is refused for a while.
 */
function makeJudge(address: BrokerAddress, recovering: RecoveringChannelModel) {
  let refusedSinceMs: number | null = null;
  recovering.on("connect", () => {
    refusedSinceMs = null;
  });
  return (error: Error): BrokerRefusal | null => {
    if (!isVirtualHostRefused(error)) {
      refusedSinceMs = null;
      return refusalOf(error, address);
    }
    refusedSinceMs ??= monotonicMs();
    return monotonicMs() - refusedSinceMs < VIRTUAL_HOST_PATIENCE_MS ? null : refusalOf(error, address);
  };
}

/**
 * Closes a connection whose channel closed, so that recovery restores everything. In a later tick: when the whole
 * connection is closing, its channels close first, and there is nothing left to close.
 */
export function dropConnection(model: ChannelModel): void {
  setImmediate(() => {
    model.close().catch(() => {
      // It was already closing or closed.
    });
  });
}
