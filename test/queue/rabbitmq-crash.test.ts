import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QueueError } from "#libs/queue/queue.ts";
import { JOBS, makeJob } from "#test/contracts/queue-contract.ts";
import { eventually } from "#test/support/eventually.ts";
import { type PrivateBroker, privateBrokerAvailable, startPrivateBroker } from "#test/support/rabbitmq.ts";
import { makeRabbitMqFixture, type RabbitMqFixture } from "./rabbitmq-fixture.ts";

describe.skipIf(!privateBrokerAvailable())("a RabbitMQ that is killed", { timeout: 120_000 }, () => {
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

  it("delivers all it confirmed once it is back, to the same consumers", async () => {
    const { queue } = fixture;
    const seen = new Set<string>();
    let killed = false;
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
    killed = true;
    await broker.start();
    await publishing;

    expect(killed).toBe(true);
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
});
