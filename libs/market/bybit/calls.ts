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

/** A successful reply. */
export interface Answer {
  readonly result: unknown;
  /** The exchange's clock when it answered, milliseconds. */
  readonly timeMs: number;
}

/** Sends one request, paced, retried and with its failures typed. `subject` names it in errors. */
export type Call = (subject: string, send: () => Promise<unknown>) => Promise<Answer>;

export interface CallPolicy {
  readonly pacer: Pacer;
  /**
   * Requests on their way at the same time: an answer takes a few hundred kilobytes while it is read, and what is
   * asked for at once is many times what the pace lets through.
   */
  readonly semaphore: Semaphore;
  readonly ban: Ban;
  /** An upper limit of one request and its answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly retryDelaysMs: readonly number[];
  /** How long the exchange wants silence after "access too frequent". */
  readonly banMs: number;
  /** Ends every call and every wait, with a `retryable` error, when the service is told to stop. */
  readonly stopping?: AbortSignal | undefined;
  readonly logger?: MarketLogger | undefined;
  readonly sleep?: Sleep | undefined;
  readonly random?: (() => number) | undefined;
}

/** A wait asked for by the exchange is kept up to this; beyond it the work goes back to its queue. */
const MAX_ASKED_WAIT_MS = 60_000;

/** The failure policy of every request to Bybit, in one place. */
export function makeCall(policy: CallPolicy): Call {
  const { pacer, ban, logger, stopping } = policy;
  // Every call in work listens to it; the default of ten listeners would print a leak warning.
  if (stopping !== undefined) setMaxListeners(0, stopping);

  async function attempt(subject: string, send: () => Promise<unknown>): Promise<Answer> {
    if (stopping?.aborted) throw errorOfStop(subject);
    ban.assertNone();
    // Before the pace: whoever has its permit must leave at once.
    await policy.semaphore.acquire();
    try {
      if (stopping?.aborted) throw errorOfStop(subject);
      ban.assertNone();
      await pacer.acquire();
      // The ban may have begun while this call waited for its turn.
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

  /** What one call is told is for all calls of this process: a ban stops them, a pause delays them. */
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

/** A call of a stopping service is not waited for: whoever asked gives the work back. */
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
  return new MarketError("retryable", `${subject}: given up, the service stops`);
}

/** The client's own timeout looks at an idle socket: an answer that drips would never end. */
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
  if (time === undefined) throw refusal(subject, "time", time, "the exchange's clock in milliseconds");
  return { result, timeMs: time };
}
