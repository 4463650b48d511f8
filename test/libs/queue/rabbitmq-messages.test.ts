import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QueueError } from "#libs/queue/queue.ts";
import { declarationsOf } from "#libs/queue/rabbitmq/topology.ts";
import { JOBS, makeJob, makeJobQueue } from "#test/ports/queue-contract.ts";
import { rabbitMqAvailable, rabbitMqUrl } from "#test/support/broker/rabbitmq.ts";
import { eventually } from "#test/support/eventually.ts";
import { makeRabbitMqFixture, type RabbitMqFixture, rawChannel, TEST_LEVELS_MS } from "./rabbitmq-fixture.ts";

/** Expires too, but late enough to be killed several times before. */
const SIGNALS = makeJobQueue({ name: "signals", messageTtlMs: 60_000 });

describe.skipIf(!rabbitMqAvailable())("messages on RabbitMQ", () => {
  let fixture: RabbitMqFixture;
  beforeEach(async () => {
    fixture = await makeRabbitMqFixture(await rabbitMqUrl(), { queues: [JOBS, SIGNALS] });
  });
  afterEach(() => fixture.dispose());

  it("travel persistent, as JSON, under the id of their body", async () => {
    await fixture.queue.publish(JOBS, [makeJob("a")]);
    const message = await fixture.raw.get(`${fixture.prefix}jobs`, { noAck: true });
    if (message === false) throw new Error("no message in the queue");
    expect(message.properties).toMatchObject({
      messageId: "a",
      deliveryMode: 2,
      contentType: "application/json",
      contentEncoding: "utf-8",
    });
    expect(JSON.parse(message.content.toString())).toMatchObject({ schema_version: 1, job_id: "a" });
  });

  it("are refused when their queue is gone, which is there again for the next try", async () => {
    await fixture.raw.deleteQueue(`${fixture.prefix}jobs`);
    const publishing = fixture.queue.publish(JOBS, [makeJob("a")]);
    await expect(publishing).rejects.toThrow(QueueError);
    await expect(publishing).rejects.toThrow(/queue .*jobs does not exist: message a is unroutable/);
    await fixture.queue.publish(JOBS, [makeJob("a")]);
    expect(await fixture.queue.depth(JOBS)).toMatchObject({ ready: 1 });
  });

  it("reach their consumer again after the queue was deleted under it", async () => {
    const got: string[] = [];
    await fixture.queue.consume(
      JOBS,
      async ({ messageId }) => {
        got.push(messageId);
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await fixture.raw.deleteQueue(`${fixture.prefix}jobs`);
    await eventually("published and consumed again", async () => {
      await fixture.queue.publish(JOBS, [makeJob("a")]).catch(() => {});
      return got.length > 0;
    });
  });

  it("of a queue that was not declared are refused", async () => {
    const other = makeJobQueue({ name: "other" });
    await expect(fixture.queue.publish(other, [makeJob("a")])).rejects.toThrow(/other is not declared/);
    await expect(fixture.queue.depth(other)).rejects.toThrow(/other is not declared/);
  });

  it("that wait long do not hold up those that wait shortly", async () => {
    await fixture.queue.publish(JOBS, [makeJob("long"), makeJob("short")]);
    const got: string[] = [];
    await fixture.queue.consume(
      JOBS,
      async ({ messageId, attempt }) => {
        got.push(`${messageId} ${attempt}`);
        if (attempt > 1) return { kind: "ack" };
        return { kind: "retry", reason: "limit", delayMs: messageId === "long" ? 60_000 : 50 };
      },
      { prefetch: 1 },
    );
    await eventually("the short wait is over", () => got.includes("short 2"));
    expect(got).toEqual(["long 1", "short 1", "short 2"]);
    expect(await fixture.queue.depth(JOBS)).toMatchObject({ retrying: 1 });
  });

  it("wait longer than the longest parking queue by waiting in it again, which counts no attempt", async () => {
    const queue = await fixture.connect({
      queues: [makeJobQueue({ name: "patient" })],
      parkingLevelsMs: [100],
    });
    const patient = makeJobQueue({ name: "patient" });
    await queue.publish(patient, [makeJob("a")]);
    const got: { attempt: number; atMs: number }[] = [];
    await queue.consume(
      patient,
      async ({ attempt }) => {
        got.push({ attempt, atMs: performance.now() });
        return attempt === 1 ? { kind: "retry", reason: "as told", delayMs: 450 } : { kind: "ack" };
      },
      { prefetch: 1 },
    );
    const [first, second] = await eventually("the second attempt", () => got.length === 2 && got);
    expect(got.map(({ attempt }) => attempt)).toEqual([1, 2]);
    // A lower bound is no matter of speed; a millisecond is lost between two clocks.
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(449);
    await queue.close();
    for (const { name } of declarationsOf(patient, [100]))
      await fixture.raw.deleteQueue(fixture.prefix + name);
  });

  /** A worker that dies with the message in hand. */
  async function dieWith(queueName: string): Promise<void> {
    const { connection, channel } = await rawChannel(await rabbitMqUrl());
    await eventually("it takes the message", () => channel.get(queueName));
    await connection.close();
  }

  it("count the deaths of their workers as attempts, together with the retries", async () => {
    await fixture.queue.publish(JOBS, [makeJob("a")]);
    await dieWith(`${fixture.prefix}jobs`);
    const got: { attempt: number; redelivered: boolean }[] = [];
    await fixture.queue.consume(
      JOBS,
      async ({ attempt, redelivered }) => {
        got.push({ attempt, redelivered });
        return { kind: "retry", reason: "10016", delayMs: 10 };
      },
      { prefetch: 1 },
    );
    await eventually("a dead letter", async () => (await fixture.queue.depth(JOBS)).dead === 1);
    expect(got).toEqual([
      { attempt: 2, redelivered: true },
      { attempt: 3, redelivered: true },
    ]);
  });

  it.each([
    ["jobs", JOBS],
    ["signals, which expire", SIGNALS],
  ])(
    "that killed their worker each time are dead-lettered unseen, and the hook is told: %s",
    async (_, queue) => {
      await fixture.queue.publish(queue, [makeJob("poison")]);
      for (let death = 0; death < queue.deliveryLimit; death++) await dieWith(fixture.prefix + queue.name);
      let handled = 0;
      const told: unknown[] = [];
      await fixture.queue.consume(
        queue,
        async () => {
          handled++;
          return { kind: "ack" };
        },
        {
          prefetch: 1,
          onDeadLetter: async (letter) => {
            told.push(letter);
          },
        },
      );
      await eventually("a dead letter", async () => (await fixture.queue.depth(queue)).dead === 1);
      const reason = "delivery limit of 3 reached: its workers died before settling it";
      expect(handled).toBe(0);
      expect(told).toEqual([{ message: makeJob("poison"), messageId: "poison", reason }]);
      expect(await fixture.queue.deadLetters(queue, 5)).toMatchObject([{ messageId: "poison", reason }]);
    },
  );

  it("that kill even the worker which would dead-letter them are dead-lettered by the broker", async () => {
    await fixture.queue.publish(JOBS, [makeJob("poison")]);
    for (let death = 0; death <= JOBS.deliveryLimit; death++) await dieWith(`${fixture.prefix}jobs`);
    await eventually("a dead letter", async () => (await fixture.queue.depth(JOBS)).dead === 1);
    expect(await fixture.queue.deadLetters(JOBS, 5)).toMatchObject([
      { messageId: "poison", reason: expect.stringMatching(/^delivery limit of 3 reached/) },
    ]);
    expect(await fixture.queue.depth(JOBS)).toEqual({ ready: 0, retrying: 0, dead: 1 });
  });

  it("stay with the dead letters however often they are looked at", async () => {
    await fixture.raw.sendToQueue(`${fixture.prefix}jobs.dead`, Buffer.from("x"), {
      headers: { reason: "old" },
    });
    for (let look = 0; look < 30; look++) {
      await eventually("it is seen", async () => (await fixture.queue.deadLetters(JOBS, 1)).length === 1);
    }
  });

  it("are not lost when the queue exists with other arguments: the connection is refused at once", async () => {
    const changed = makeJobQueue({ deliveryLimit: 7 });
    await expect(fixture.connect({ queues: [changed] })).rejects.toThrow(
      /PRECONDITION.FAILED.*x-delivery-limit/,
    );
  });

  it("are parked in the levels that the fixture declares", async () => {
    for (const levelMs of TEST_LEVELS_MS) {
      const { messageCount } = await fixture.raw.checkQueue(`${fixture.prefix}jobs.retry.${levelMs}ms`);
      expect(messageCount).toBe(0);
    }
  });
});
