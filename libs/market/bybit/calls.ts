import { setMaxListeners } from "node:events";
import { FAULTS } from "#libs/contracts/faults.ts";
import { logFault, type WarningLog } from "#libs/runtime/fault-log.ts";
import { withRetry } from "#libs/runtime/retry.ts";
import type { Semaphore } from "#libs/runtime/semaphore.ts";
import type { Sleep } from "#libs/runtime/sleep.ts";
import { MarketError } from "../market-error.ts";
import type { Ban } from "./ban.ts";
import { errorOfDeadline, errorOfGarbage, errorOfReply, errorOfThrown } from "./errors.ts";
import type { Pacer } from "./pacing.ts";
import { envelopeSchema, refusal, replySchema } from "./schema.ts";

/** The part of a logger that the adapter uses; pino's fits. */
export type MarketLogger = WarningLog;

/** A successful response. */
export interface Answer {
  readonly result: unknown;
  /** The exchange's clock when it responded, milliseconds. */
  readonly timeMs: number;
}

/** Sends one request with pacing, retries and typed failures. `subject` names it in errors. */
export type Call = (subject: string, send: () => Promise<unknown>) => Promise<Answer>;

export interface CallPolicy {
  readonly pacer: Pacer;
  /**
   * Limits concurrent requests: a response takes a few hundred kilobytes while it is read, and callers request much
   * more at once than the rate limit allows.
   */
  readonly semaphore: Semaphore;
  readonly ban: Ban;
  /** The timeout of one request, including its response, in milliseconds. */
  readonly timeoutMs: number;
  readonly retryDelaysMs: readonly number[];
  /** How long nothing is sent after "access too frequent". */
  readonly banMs: number;
  /** Ends every request and wait with a `retryable` error when the service stops. */
  readonly stopping?: AbortSignal | undefined;
  readonly logger?: MarketLogger | undefined;
  readonly sleep?: Sleep | undefined;
  readonly random?: (() => number) | undefined;
}

/** The longest wait requested by the exchange that is honoured; beyond it the message returns to its queue. */
const MAX_ASKED_WAIT_MS = 60_000;

/** The failure policy of every request to Bybit, in one place. */
export function makeCall(policy: CallPolicy): Call {
  const { pacer, ban, logger, stopping } = policy;
  // Every pending request listens to it; the default of ten listeners would print a leak warning.
  if (stopping !== undefined) setMaxListeners(0, stopping);

  async function attempt(subject: string, send: () => Promise<unknown>): Promise<Answer> {
    if (stopping?.aborted) throw errorOfStop(subject);
    ban.assertNone();
    // Before the pacer: a request that has the pacer's permit must be sent at once.
    await policy.semaphore.acquire();
    try {
      if (stopping?.aborted) throw errorOfStop(subject);
      ban.assertNone();
      await pacer.acquire();
      // The ban may have started while this request waited.
      ban.assertNone();
      return await answered(subject, send);
    } finally {
      policy.semaphore.release();
    }
  }

  async function answered(subject: string, send: () => Promise<unknown>): Promise<Answer> {
    try {
      return answerOf(subject, await withinDeadline(subject, policy.timeoutMs, send));
    } catch (error) {
      throw error instanceof MarketError ? heeded(error) : error;
    }
  }

  /** A ban stops, and a requested pause delays, all requests of this process. */
  function heeded(error: MarketError): MarketError {
    if (error.kind === "banned") {
      const banned = ban.start(policy.banMs, error.message);
      pacer.rejectWaiting(banned);
      if (logger !== undefined) {
        logFault(logger, FAULTS.exchangeBans, { reason: error.message, banMs: policy.banMs });
      }
      return banned;
    }
    if (error.kind === "retryable" && error.retryAfterMs !== null) {
      pacer.pause(Math.min(MAX_ASKED_WAIT_MS, error.retryAfterMs));
    }
    return error;
  }

  function repeated(subject: string, send: () => Promise<unknown>): Promise<Answer> {
    return withRetry(() => attempt(subject, send), {
      delaysMs: policy.retryDelaysMs,
      shouldRetry: (error) =>
        error instanceof MarketError && error.kind === "retryable" && stopping?.aborted !== true,
      askedWaitMs: (error) => (error instanceof MarketError ? error.retryAfterMs : null),
      maxAskedWaitMs: MAX_ASKED_WAIT_MS,
      onRetry: ({ error, attempt, waitMs }) => {
        if (logger === undefined) return;
        const reason = error instanceof Error ? error.message : String(error);
        const asked = error instanceof MarketError && error.retryAfterMs !== null;
        logFault(logger, asked ? FAULTS.exchangeThrottles : FAULTS.exchangeFails, {
          reason,
          attempt,
          waitMs,
        });
      },
      signal: ban.signal(),
      sleep: policy.sleep,
      random: policy.random,
    });
  }

  return (subject, send) => untilStopped(subject, repeated(subject, send), stopping);
}

/** A stopping service does not wait for a request: the caller returns the message to its queue. */
function untilStopped<T>(subject: string, work: Promise<T>, stopping: AbortSignal | undefined): Promise<T> {
  if (stopping === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(errorOfStop(subject));
    stopping.addEventListener("abort", stop);
    work.then(resolve, reject).finally(() => stopping.removeEventListener("abort", stop));
    if (stopping.aborted) stop();
  });
}

function errorOfStop(subject: string): MarketError {
  return new MarketError("retryable", `${subject}: aborted, the service is stopping`);
}

/** The client's own timeout watches for an idle socket only: a response that trickles would never end. */
async function withinDeadline(
  subject: string,
  timeoutMs: number,
  send: () => Promise<unknown>,
): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(errorOfDeadline(subject, timeoutMs)), timeoutMs);
  });
  const sent = send().catch((thrown: unknown) => {
    throw errorOfThrown(subject, thrown);
  });
  try {
    return await Promise.race([sent, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function answerOf(subject: string, received: unknown): Answer {
  const reply = replySchema.parse(received);
  const envelope = envelopeSchema.safeParse(reply.body);
  if (!envelope.success) throw errorOfGarbage(subject, reply);
  const { retCode, retMsg, time, result } = envelope.data;
  if (retCode !== 0) throw errorOfReply(subject, { retCode, retMsg, time }, reply.resetAtMs);
  if (time === undefined)
    throw refusal(subject, "time", time, "expected the exchange's time in milliseconds");
  return { result, timeMs: time };
}
