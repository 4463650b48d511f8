import type { QueueDefinition } from "#libs/contracts/queues.ts";
import { ContractError, fromWire, toWire } from "#libs/contracts/wire.ts";
import { QueueError } from "./queue.ts";

/** Larger bodies are refused on the way in and out: ours have a few hundred bytes. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** AMQP's short strings, which hold the message id, end here. */
const MAX_MESSAGE_ID_BYTES = 255;

export interface EncodedMessage {
  readonly messageId: string;
  /** JSON in UTF-8, with snake_case fields. */
  readonly body: Buffer;
}

/**
 * A message as it travels.
 * @throws ContractError naming every wrong field when it does not fit the queue's schema.
 * @throws QueueError when it or its id is too long to travel.
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

/** Reads a body that may be anything: what is not a message of this queue is unreadable, with the reason. */
export function decodeMessage<T>(queue: QueueDefinition<T>, body: Buffer): DecodedMessage<T> {
  const parsed = parseBody(queue, body);
  return parsed.kind === "unreadable" ? parsed : { ...parsed, messageId: queue.messageId(parsed.message) };
}

/** The same where the message's id does not matter. */
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
  return `${bytes} bytes, at most ${MAX_MESSAGE_BYTES} are allowed`;
}

function shortened(text: string, length: number): string {
  return JSON.stringify(text.length > length ? `${text.slice(0, length - 3)}...` : text);
}
