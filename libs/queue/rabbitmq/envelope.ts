import type { Message, Options } from "amqplib";

/** Metadata of a message, in its headers. */
export interface Envelope {
  /** Counted deliveries until this copy was published. */
  readonly attempts: number;
  /** Milliseconds since the epoch: expiry counts from here across all retries. Null: from another producer. */
  readonly publishedAtMs: number | null;
  /** A worker has received it before. */
  readonly seen: boolean;
  readonly reason: string | null;
  /** Must not be processed before; null if it may be processed on arrival. */
  readonly notBeforeMs: number | null;
  /** When it was dead-lettered. */
  readonly diedAtMs: number | null;
}

export interface ReceivedEnvelope extends Envelope {
  readonly messageId: string | null;
  /** 1 for the first delivery: the envelope's count plus the broker's count since. */
  readonly attempt: number;
  readonly redelivered: boolean;
}

export function newEnvelope(publishedAtMs: number | null): Envelope {
  return { attempts: 0, publishedAtMs, seen: false, reason: null, notBeforeMs: null, diedAtMs: null };
}

/**
 * The properties of a published copy. No headers of the received message are copied: the broker's counters
 * (`x-delivery-count`, `x-death`) describe the previous copy and would be counted twice.
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

/** The limit of AMQP's short strings, which hold the message id. */
const MAX_MESSAGE_ID_BYTES = 255;
/** A longer header was not written by this code, and may not fit a frame with all the others. */
const MAX_REASON_LENGTH = 8_000;
/** The largest timestamp of a `Date`, in milliseconds. */
const LAST_MOMENT_MS = 8.64e15;

/**
 * Reads the headers of a received message. They are untrusted, so each is used only if it has the right type and can
 * be encoded again: a copy that the driver refuses to encode would never be settled and be redelivered for ever.
 */
export function readEnvelope(message: Message): ReceivedEnvelope {
  const { headers, messageId } = message.properties;
  const number = (key: string): number | null => {
    const value: unknown = headers?.[key];
    return typeof value === "number" && value >= 0 && value <= LAST_MOMENT_MS ? Math.floor(value) : null;
  };
  const attempts = number("attempts") ?? 0;
  // 4.3 counts deliveries and failures separately; earlier versions have one counter for both. Our consumers never
  // requeue except by dying, so the larger of the two is right everywhere.
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

/** Invalid UTF-8 is decoded to characters of three bytes, so a received id can be too long to be sent again. */
function isMessageId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && Buffer.byteLength(value) <= MAX_MESSAGE_ID_BYTES;
}
