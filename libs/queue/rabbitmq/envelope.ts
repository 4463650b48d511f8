import type { Message, Options } from "amqplib";

/** What travels beside the body, in the message's headers. */
export interface Envelope {
  /** Deliveries that count, up to the moment this copy was put into its queue. */
  readonly attempts: number;
  /** Milliseconds since the epoch: expiry counts from here over all retries. Null: sent by somebody else. */
  readonly publishedAtMs: number | null;
  /** A worker has had it in hand before. */
  readonly seen: boolean;
  readonly reason: string | null;
  /** Not to be worked on before; null when its wait is over on arrival. */
  readonly notBeforeMs: number | null;
  /** Of a dead letter: when it became one. */
  readonly diedAtMs: number | null;
}

export interface ReceivedEnvelope extends Envelope {
  readonly messageId: string | null;
  /** 1 for the first delivery: what the envelope says, and what the broker counted since. */
  readonly attempt: number;
  readonly redelivered: boolean;
}

export function newEnvelope(publishedAtMs: number | null): Envelope {
  return { attempts: 0, publishedAtMs, seen: false, reason: null, notBeforeMs: null, diedAtMs: null };
}

/**
 * The properties a copy is published with. Nothing of a received message's headers is carried over: the
 * broker's own counters (`x-delivery-count`, `x-death`) describe the copy before and would be counted twice.
 */
export function publishOptions(envelope: Envelope, messageId: string | null): Options.Publish {
  return {
    persistent: true,
    mandatory: true,
    contentType: "application/json",
    contentEncoding: "utf-8",
    ...(messageId === null ? {} : { messageId }),
    ...(envelope.publishedAtMs === null ? {} : { timestamp: Math.floor(envelope.publishedAtMs / 1_000) }),
    headers: {
      attempts: envelope.attempts,
      seen: envelope.seen,
      ...(envelope.publishedAtMs === null ? {} : { "published-at-ms": envelope.publishedAtMs }),
      ...(envelope.reason === null ? {} : { reason: envelope.reason }),
      ...(envelope.notBeforeMs === null ? {} : { "not-before-ms": envelope.notBeforeMs }),
      ...(envelope.diedAtMs === null ? {} : { "died-at-ms": envelope.diedAtMs }),
    },
  };
}

/** AMQP's short strings, which hold the message id, end here. */
const MAX_MESSAGE_ID_BYTES = 255;
/** A header that is longer was not written here, and may not fit a frame with all the others. */
const MAX_REASON_LENGTH = 8_000;
/** The last moment that a date can hold, in milliseconds. */
const LAST_MOMENT_MS = 8.64e15;

/**
 * Reads what arrived; headers come from anyone, so each is taken only if it has the right type and can be sent
 * on: a copy that the driver refuses to encode would never be settled, and its message come again for ever.
 */
export function readEnvelope(message: Message): ReceivedEnvelope {
  const { headers, messageId } = message.properties;
  const number = (key: string): number | null => {
    const value: unknown = headers?.[key];
    return typeof value === "number" && value >= 0 && value <= LAST_MOMENT_MS ? Math.floor(value) : null;
  };
  const attempts = number("attempts") ?? 0;
  // 4.3 counts what was handed out and what failed apart; before that one counter has both. In our hands
  // nothing is put back except by the death of its worker, so the larger one is right everywhere.
  const returned = Math.max(number("x-delivery-count") ?? 0, number("x-acquired-count") ?? 0);
  const attempt = attempts + returned + 1;
  const reason: unknown = headers?.reason;
  const seen = headers?.seen === true;
  return {
    attempts,
    attempt,
    publishedAtMs: number("published-at-ms"),
    seen,
    redelivered: message.fields.redelivered || seen || attempt > 1,
    reason: typeof reason === "string" ? reason.slice(0, MAX_REASON_LENGTH) : null,
    notBeforeMs: number("not-before-ms"),
    diedAtMs: number("died-at-ms"),
    messageId: isMessageId(messageId) ? messageId : null,
  };
}

/** Bytes that are no UTF-8 arrive as characters of three bytes, so that an id can be too long to be sent on. */
function isMessageId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && Buffer.byteLength(value) <= MAX_MESSAGE_ID_BYTES;
}
