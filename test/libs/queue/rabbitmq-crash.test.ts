import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QueueError } from "#libs/queue/queue.ts";
import { JOBS, makeJob } from "#test/ports/queue-contract.ts";
import {
  type PrivateBroker,
  privateBrokerAvailable,
  startPrivateBroker,
} from "#test/support/broker/rabbitmq.ts";
import { eventually } from "#test/support/eventually.ts";
import { makeRabbitMqFixture, type RabbitMqFixture } from "./rabbitmq-fixture.ts";

describe.skipIf(!privateBrokerAvailable())("a RabbitMQ in trouble", { timeout: 120_000 }, () => {
  let broker: PrivateBroker;
  let fixture: RabbitMqFixture;

  beforeAll(async () => {
    broker = await startPrivateBroker();
    fixture = await makeRabbitMqFixture(broker.url, { publishTimeoutMs: 60_000 });
  }, 120_000);
  afterAll(async () => {
    await fixture?.queue.close();
    await broker?.dispose();
  });

  it("delivers all it confirmed before it was killed, once it is back, to the same consumers", async () => {
    const { queue } = fixture;
    const seen = new Set<string>();
    const consumer = await queue.consume(
      JOBS,
      async ({ messageId, attempt }) => {
        seen.add(messageId);
        // Some are on their way through a parking queue when the power goes.
        const later = messageId.endsWith("7") && attempt === 1;
        return later ? { kind: "retry", reason: "later", delayMs: 900 } : { kind: "ack" };
      },
      { prefetch: 5 },
    );

    const confirmed = new Set<string>();
    const refused: unknown[] = [];
    async function publishRange(from: number, to: number): Promise<void> {
      for (let i = from; i < to; i++) {
        const job = makeJob(`job-${i}`);
        try {
          await queue.publish(JOBS, [job]);
          confirmed.add(job.jobId);
        } catch (error) {
          refused.push(error);
        }
      }
    }
    const publishing = Promise.all(Array.from({ length: 8 }, (_, i) => publishRange(i * 100, i * 100 + 100)));
    await eventually("the work is in full swing", () => confirmed.size > 100 && seen.size > 20);
    expect(confirmed.size).toBeLessThan(800);
    await broker.kill();
    await broker.start();
    await publishing;

    for (const error of refused) expect(error).toBeInstanceOf(QueueError);
    // It was back within the time that a publication waits, so all of them were sent again.
    expect(confirmed.size).toBe(800);
    await eventually("everything confirmed was delivered", () => seen.size === confirmed.size, {
      timeoutMs: 60_000,
    });
    expect([...seen].sort()).toEqual([...confirmed].sort());
    await eventually("nothing is left", async () => {
      const { ready, retrying, dead } = await queue.depth(JOBS);
      return ready + retrying + dead === 0;
    });
    await consumer.stop();
  });

  it("lets acknowledgements through while it blocks publishers, and publishes after", async () => {
    const { queue } = fixture;
    const done: string[] = [];
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await queue.publish(JOBS, [makeJob("before")]);
    const consumer = await queue.consume(
      JOBS,
      async ({ messageId }) => {
        if (messageId === "before") await gate;
        done.push(messageId);
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await broker.ctl("set_vm_memory_high_watermark", "0.0000001");
    let published = false;
    const publishing = queue.publish(JOBS, [makeJob("after")]).then(() => {
      published = true;
    });
    release();
    await eventually("the one in hand is done and acknowledged", async () => {
      const { ready } = await queue.depth(JOBS);
      return done.length === 1 && ready === 0;
    });
    expect(published).toBe(false);
    await broker.ctl("set_vm_memory_high_watermark", "0.8");
    await publishing;
    await eventually("the other is done", () => done.length === 2);
    await consumer.stop();
  });

  it("publishes again when a queue that was full has no limit any more, which the broker does not tell its channels", async () => {
    const { queue } = fixture;
    await broker.ctl("set_policy", "full", ".*", '{"max-length":1,"overflow":"reject-publish"}');
    const publish = (id: string) =>
      queue.publish(JOBS, [makeJob(id)]).then(
        () => true,
        (error) => {
          expect(error).toBeInstanceOf(QueueError);
          return false;
        },
      );
    let sent = 0;
    while (await publish(`before-${sent}`)) sent += 1;
    await broker.ctl("clear_policy", "full");
    await eventually("the queue takes messages", () => publish("after"), { timeoutMs: 20_000 });
    const got: string[] = [];
    const consumer = await queue.consume(
      JOBS,
      async ({ messageId }) => {
        got.push(messageId);
        return { kind: "ack" };
      },
      { prefetch: 5 },
    );
    await eventually("all that were taken are delivered", () => got.length === sent + 1);
    await consumer.stop();
  });

  it("takes a message from a worker that is too slow, and gives it to it again on a new channel", async () => {
    const { queue } = fixture;
    // Read when a channel opens; the real ones are half an hour and a minute.
    await broker.ctl(
      "eval",
      "application:set_env(rabbit, consumer_timeout, 300), application:set_env(rabbit, channel_tick_interval, 100).",
    );
    const attempts: number[] = [];
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const consumer = await queue.consume(
      JOBS,
      async ({ attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) await gate;
        return { kind: "ack" };
      },
      { prefetch: 2 },
    );
    await queue.publish(JOBS, [makeJob("slow")]);
    await eventually("the second delivery", () => attempts.length === 2);
    expect(attempts).toEqual([1, 2]);
    release();
    await consumer.stop();
    expect(await queue.depth(JOBS)).toEqual({ ready: 0, retrying: 0, dead: 0 });
  });
});
