import type { QueueDefinition } from "#libs/contracts/queues.ts";
import { ContractError, fromWire, toWire } from "#libs/contracts/wire.ts";
import { QueueError } from "./queue.ts";

/** Larger bodies are rejected when publishing and consuming: ours have a few hundred bytes. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** The limit of AMQP's short strings, which hold the message id. */
const MAX_MESSAGE_ID_BYTES = 255;

export interface EncodedMessage {
  readonly messageId: string;
  /** JSON in UTF-8, with snake_case fields. */
  readonly body: Buffer;
}

/**
 * Encodes a message for the wire.
 * @throws ContractError naming every invalid field if it does not match the queue's schema.
 * @throws QueueError if the message or its id is too long.
 */
export function encodeMessage<T>(queue: QueueDefinition<T>, message: T): EncodedMessage {
  const body = Buffer.from(JSON.stringify(toWire(queue.schema, message, `${queue.name} message`)), "utf8");
  const messageId = queue.messageId(message);
  if (body.length > MAX_MESSAGE_BYTES) {
    throw new QueueError(
      `${queue.name} message ${shortened(messageId, 120)} is too large: ${tooLarge(body.length)}`,
    );
  }
  if (Buffer.byteLength(messageId) > MAX_MESSAGE_ID_BYTES) {
    throw new QueueError(
      `${queue.name} message id ${shortened(messageId, 120)} is longer than ${MAX_MESSAGE_ID_BYTES} bytes`,
    );
  }
  return { messageId, body };
}

export type DecodedMessage<T> =
  | { readonly kind: "message"; readonly message: T; readonly messageId: string }
  | Unreadable;

export interface Unreadable {
  readonly kind: "unreadable";
  readonly reason: string;
}

/** Decodes an untrusted body: anything but a message of this queue is unreadable, with the reason. */
export function decodeMessage<T>(queue: QueueDefinition<T>, body: Buffer): DecodedMessage<T> {
  const parsed = parseBody(queue, body);
  return parsed.kind === "unreadable" ? parsed : { ...parsed, messageId: queue.messageId(parsed.message) };
}

/** The same without the message's id. */
export function parseBody<T>(
  queue: Pick<QueueDefinition<T>, "name" | "schema">,
  body: Buffer,
): Omit<Extract<DecodedMessage<T>, { kind: "message" }>, "messageId"> | Unreadable {
  if (body.length > MAX_MESSAGE_BYTES) return { kind: "unreadable", reason: tooLarge(body.length) };
  const text = body.toString("utf8");
  let wire: unknown;
  try {
    wire = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "unreadable", reason: `not JSON: ${error.message} (got ${shortened(text, 120)})` };
  }
  try {
    return { kind: "message", message: fromWire(queue.schema, wire, `${queue.name} message`) };
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return { kind: "unreadable", reason: error.message };
  }
}

function tooLarge(bytes: number): string {
  return `${bytes} bytes (maximum ${MAX_MESSAGE_BYTES})`;
}

function shortened(text: string, length: number): string {
  return JSON.stringify(text.length > length ? `${text.slice(0, length - 3)}...` : text);
}
