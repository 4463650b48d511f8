import { withRetry } from "#libs/runtime/retry.ts";
import type { Sleep } from "#libs/runtime/sleep.ts";
import { MarketError } from "../market-error.ts";
import type { Ban } from "./ban.ts";
import { BAN_MS, errorOfDeadline, errorOfGarbage, errorOfReply, errorOfThrown } from "./errors.ts";
import type { Pacer } from "./pacing.ts";
import { envelopeSchema, refusal, replySchema } from "./schema.ts";

/** The part of a logger that the adapter uses; pino's fits. */
export interface MarketLogger {
  warn(fields: object, message: string): void;
}

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
  readonly ban: Ban;
  /** An upper limit of one request and its answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly retryDelaysMs: readonly number[];
  readonly logger?: MarketLogger | undefined;
  readonly sleep?: Sleep | undefined;
  readonly random?: (() => number) | undefined;
}

/** A wait asked for by the exchange is kept up to this; beyond it the work goes back to its queue. */
const MAX_ASKED_WAIT_MS = 60_000;

/** The failure policy of every request to Bybit, in one place. */
export function makeCall(policy: CallPolicy): Call {
  const { pacer, ban, logger } = policy;

  async function attempt(subject: string, send: () => Promise<unknown>): Promise<Answer> {
    ban.assertNone();
    await pacer.acquire();
    // The ban may have begun while this call waited for its turn.
    ban.assertNone();
    try {
      return answerOf(subject, await withinDeadline(subject, policy.timeoutMs, send));
    } catch (error) {
      throw error instanceof MarketError ? heeded(error) : error;
    }
  }

  /** What one call is told is for all calls of this process: a ban stops them, a pause delays them. */
  function heeded(error: MarketError): MarketError {
    if (error.kind === "banned") {
      const banned = ban.start(BAN_MS, error.message);
      pacer.rejectWaiting(banned);
      logger?.warn(
        { reason: error.message, banMs: BAN_MS },
        "the exchange bans this address, all calls stop",
      );
      return banned;
    }
    if (error.kind === "retryable" && error.retryAfterMs !== null) {
      pacer.pause(Math.min(MAX_ASKED_WAIT_MS, error.retryAfterMs));
    }
    return error;
  }

  return (subject, send) =>
    withRetry(() => attempt(subject, send), {
      delaysMs: policy.retryDelaysMs,
      shouldRetry: (error) => error instanceof MarketError && error.kind === "retryable",
      askedWaitMs: (error) => (error instanceof MarketError ? error.retryAfterMs : null),
      maxAskedWaitMs: MAX_ASKED_WAIT_MS,
      onRetry: ({ error, attempt, waitMs }) =>
        logger?.warn(
          { reason: error instanceof Error ? error.message : String(error), attempt, waitMs },
          "call to the exchange failed, trying again",
        ),
      signal: ban.signal(),
      sleep: policy.sleep,
      random: policy.random,
    });
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
