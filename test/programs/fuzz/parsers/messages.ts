import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { ConsumeMessage, Options } from "amqplib";
import fc from "fast-check";
import { BACKTEST_TASKS, type QueueDefinition, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { toWire } from "#libs/contracts/wire.ts";
import { judgeDelivery } from "#libs/queue/judge-delivery.ts";
import { publishOptions, readEnvelope } from "#libs/queue/rabbitmq/envelope.ts";
import { badValue, hugeBytes } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser, Refused } from "#test/programs/fuzz/fuzzed-parser.ts";
import { mutated, mutatedBytes } from "#test/programs/fuzz/mutate.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { backtestTask, tradingSignal } from "#test/support/factories/messages.ts";
import { jsonBytes } from "./json-bytes.ts";

/** The driver's own encoder, which nothing may make throw: the message would come again for ever. */
const { encodeProperties, BasicProperties } = createRequire(import.meta.url)(
  "../../../../node_modules/amqplib/lib/defs.js",
) as {
  BasicProperties: number;
  encodeProperties(id: number, channel: number, size: number, fields: object): Buffer;
};

/** RabbitMQ's `frame_max`: properties must fit one frame. */
const FRAME_BYTES = 131_072;
const NOW_MS = 1_768_478_500_000;

interface Arriving {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly messageId: unknown;
  readonly redelivered: boolean;
}

const HEADERS = {
  attempts: 1,
  seen: true,
  "published-at-ms": NOW_MS - 5_000,
  reason: "it did not work",
  "not-before-ms": NOW_MS - 1_000,
  "died-at-ms": NOW_MS - 500,
  "x-delivery-count": 1,
  "x-acquired-count": 1,
};

function arriving(valid: object): fc.Arbitrary<Arriving> {
  return fc.record({
    body: fc.oneof(
      { arbitrary: jsonBytes(fc.constant(valid)), weight: 1_200 },
      { arbitrary: mutatedBytes(fc.constant(Buffer.from(JSON.stringify(valid)))), weight: 800 },
      { arbitrary: hugeBytes, weight: 1 },
    ),
    headers: fc.oneof(
      fc.constant({}),
      // A table of headers is an object whatever happens to its entries.
      mutated(fc.constant(HEADERS)).map((headers) => Object(headers) as Record<string, unknown>),
    ),
    messageId: fc.oneof(fc.constant("scan:BTCUSDT:5m"), badValue, fc.constant("�".repeat(255))),
    redelivered: fc.boolean(),
  });
}

/** What the driver sends for the options that `publish` was given. */
function encoded(options: Options.Publish): Buffer {
  const { headers, messageId, timestamp, contentType, contentEncoding } = options;
  return encodeProperties(BasicProperties, 1, 10, {
    headers,
    messageId,
    timestamp,
    contentType,
    contentEncoding,
    deliveryMode: 2,
  });
}

function messageParser<T>(queue: QueueDefinition<T>, valid: T): FuzzedParser {
  const wire = toWire(queue.schema, valid, queue.name);
  const { logger } = capturedLogger();
  logger.level = "silent";
  return fuzzedParser(`message of ${queue.name}`, () => ({
    inputs: arriving(wire),
    async read({ body, headers, messageId, redelivered }) {
      // As the driver hands it over; only these parts are read.
      const message = {
        content: body,
        fields: { redelivered },
        properties: { headers, messageId },
      } as unknown as ConsumeMessage;
      const envelope = readEnvelope(message);
      for (const attempts of [envelope.attempt, envelope.attempt - 1]) {
        const bytes = encoded(publishOptions({ ...envelope, seen: true, attempts }, envelope.messageId));
        assert.ok(bytes.length < FRAME_BYTES, `${bytes.length} bytes of properties`);
      }
      let taken: T | undefined;
      const verdict = await judgeDelivery(
        queue,
        {
          body,
          messageId: envelope.messageId,
          attempt: envelope.attempt,
          redelivered: envelope.redelivered,
          lastReason: envelope.reason,
          ageMs: envelope.publishedAtMs === null ? null : NOW_MS - envelope.publishedAtMs,
        },
        async (delivery) => {
          taken = delivery.message;
          return { kind: "ack" };
        },
        { prefetch: 1 },
        logger,
      );
      if (verdict.kind === "dead-letter") {
        const copy = { ...envelope, reason: verdict.reason, notBeforeMs: null };
        assert.ok(encoded(publishOptions(copy, envelope.messageId)).length < FRAME_BYTES);
        throw new Refused(verdict.reason);
      }
      assert.ok(verdict.kind === "ack" || verdict.kind === "expired", verdict.kind);
      return taken;
    },
    refusals: [Refused],
    verify({ body }, message) {
      if (message === undefined) return;
      const given: unknown = JSON.parse(body.toString("utf8"));
      const ours = toWire(queue.schema, message, queue.name);
      for (const [key, value] of Object.entries(ours)) {
        const field: unknown = Object(given)[key];
        // A zero with a sign is a zero.
        assert.deepEqual(field === 0 ? 0 : field, value === 0 ? 0 : value, key);
      }
      assert.equal(ours.schema_version, 1);
    },
    names: () => [
      ...Object.keys(wire),
      "value:",
      "not JSON",
      "bytes, at most",
      "nested deeper",
      "delivery limit of",
      "twice",
    ],
  }));
}

export const MESSAGE_PARSERS: readonly FuzzedParser[] = [
  messageParser(BACKTEST_TASKS, backtestTask()),
  messageParser(TRADING_SIGNALS, tradingSignal()),
];
