import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { QueueDefinition } from "#libs/contracts/queues.ts";
import type { Consumer, Delivery, Handler, MessageQueue, Outcome } from "#libs/queue/queue.ts";
import { eventually } from "#test/support/eventually.ts";

const jobSchema = z.object({
  schemaVersion: z.literal(1),
  jobId: z.string().min(1),
  candleCount: z.int(),
  payload: z.string().default(""),
});
export type Job = z.infer<typeof jobSchema>;

export function makeJobQueue(overrides: Partial<QueueDefinition<Job>> = {}): QueueDefinition<Job> {
  const name = overrides.name ?? "jobs";
  return {
    name,
    deadLetterName: `${name}.dead`,
    retryName: `${name}.retry`,
    schema: jobSchema,
    messageId: (job) => job.jobId,
    deliveryLimit: 3,
    messageTtlMs: null,
    ...overrides,
  };
}

/** The queues that the contract needs; an adapter that declares queues beforehand declares these. */
export const JOBS = makeJobQueue();
export const FLEETING_JOBS = makeJobQueue({ name: "fleeting-jobs", messageTtlMs: 400 });
export const CONTRACT_QUEUES = [JOBS, FLEETING_JOBS] as const;

export function makeJob(jobId: string, overrides: Partial<Job> = {}): Job {
  return { schemaVersion: 1, jobId, candleCount: 1_000, payload: "", ...overrides };
}

export interface QueueUnderTest {
  readonly queue: MessageQueue;
  /** Puts a body into the queue that no schema has seen. */
  readonly publishRaw: (queue: QueueDefinition<Job>, body: Buffer) => Promise<void>;
  /** After the queue itself is closed. */
  readonly dispose: () => Promise<void>;
}

const ack: Outcome = { kind: "ack" };

/** What every queue adapter owes its users. */
export function describeQueue(adapter: string, make: () => Promise<QueueUnderTest>): void {
  describe(`message queue: ${adapter}`, () => {
    let subject: QueueUnderTest;
    let queue: MessageQueue;

    beforeEach(async () => {
      subject = await make();
      queue = subject.queue;
    });
    afterEach(async () => {
      await queue.close();
      await subject.dispose();
    });

    const take = (handler: Handler<Job>, prefetch = 1): Promise<Consumer> =>
      queue.consume(JOBS, handler, { prefetch });

    it("delivers messages as they were published, in order", async () => {
      const jobs = Array.from({ length: 30 }, (_, i) =>
        makeJob(`job-${i}`, { candleCount: i, payload: "Ω" }),
      );
      await queue.publish(JOBS, jobs);
      const got: Delivery<Job>[] = [];
      await take(async (delivery) => {
        got.push(delivery);
        return ack;
      });
      await eventually("all are delivered", () => got.length === jobs.length);
      expect(got.map(({ message }) => message)).toEqual(jobs);
      expect(got[7]).toMatchObject({ messageId: "job-7", attempt: 1, redelivered: false });
    });

    it("forgets what was acknowledged", async () => {
      await queue.publish(JOBS, [makeJob("a"), makeJob("b")]);
      expect(await queue.depth(JOBS)).toEqual({ ready: 2, retrying: 0, dead: 0 });
      let count = 0;
      const consumer = await take(async () => {
        count++;
        return ack;
      });
      await eventually("both are done", () => count === 2);
      await consumer.stop();
      expect(await queue.depth(JOBS)).toEqual({ ready: 0, retrying: 0, dead: 0 });
    });

    it("publishes nothing of a list of which one message does not fit the schema", async () => {
      const broken = makeJob("b", { candleCount: 0.5 });
      await expect(queue.publish(JOBS, [makeJob("a"), broken])).rejects.toThrow(/candle_count/);
      expect(await queue.depth(JOBS)).toMatchObject({ ready: 0 });
    });

    it("refuses to publish a message of more than a mebibyte", async () => {
      const big = makeJob("big", { payload: "x".repeat(1_100_000) });
      await expect(queue.publish(JOBS, [big])).rejects.toThrow(/too large/);
    });

    it("carries a message of a megabyte", async () => {
      const job = makeJob("large", { payload: "0123456789".repeat(100_000) });
      await queue.publish(JOBS, [job]);
      let got: Job | undefined;
      await take(async ({ message }) => {
        got = message;
        return ack;
      });
      expect(await eventually("it arrives", () => got)).toEqual(job);
    });

    it("keeps no more than prefetch messages in hand", async () => {
      await queue.publish(
        JOBS,
        Array.from({ length: 12 }, (_, i) => makeJob(`job-${i}`)),
      );
      let inHand = 0;
      let most = 0;
      let done = 0;
      let release: () => void = () => {};
      await take(async () => {
        inHand++;
        most = Math.max(most, inHand);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        inHand--;
        done++;
        return ack;
      }, 1);
      const consumer = await take(async () => {
        inHand++;
        most = Math.max(most, inHand);
        await eventually("three are in hand, or the rest", () => most >= 4 || done >= 1);
        inHand--;
        done++;
        return ack;
      }, 3);
      await eventually("the second consumer has done the rest", () => done === 11);
      await consumer.stop();
      release();
      await eventually("the first has done its one", () => done === 12);
      expect(most).toBe(4);
    });

    it("delivers a message again after its wait, with the attempt counted", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      const got: Delivery<Job>[] = [];
      await take(async (delivery) => {
        got.push(delivery);
        return got.length < 3 ? { kind: "retry", reason: "not yet", delayMs: 20 } : ack;
      });
      await eventually("the third attempt", () => got.length === 3);
      expect(got.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(got.map(({ redelivered }) => redelivered)).toEqual([false, true, true]);
      expect(got[2]?.message).toEqual(makeJob("a"));
    });

    it("shows what waits for its retry, and works on others meanwhile", async () => {
      await queue.publish(JOBS, [makeJob("slow"), makeJob("quick")]);
      const got: string[] = [];
      const consumer = await take(async ({ messageId }) => {
        got.push(messageId);
        return messageId === "slow" ? { kind: "retry", reason: "limit", delayMs: 60_000 } : ack;
      });
      await eventually("both were taken", () => got.length === 2);
      await consumer.stop();
      expect(got).toEqual(["slow", "quick"]);
      expect(await queue.depth(JOBS)).toEqual({ ready: 0, retrying: 1, dead: 0 });
    });

    it("takes a throw as a retry", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      let calls = 0;
      await queue.consume(
        FLEETING_JOBS,
        async () => ack,
        { prefetch: 1 }, // a second queue's consumer is not disturbed
      );
      await take(async () => {
        calls++;
        if (calls === 1) throw new TypeError("a bug");
        return ack;
      });
      await eventually("it came again", () => calls === 2, { timeoutMs: 20_000 });
    });

    it("dead-letters at the delivery limit with the last reason, and tells the hook", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      const attempts: number[] = [];
      const told: unknown[] = [];
      await queue.consume(
        JOBS,
        async ({ attempt }) => {
          attempts.push(attempt);
          return { kind: "retry", reason: `exchange said 10016 (${attempt})`, delayMs: 0 };
        },
        {
          prefetch: 1,
          onDeadLetter: async (letter) => {
            told.push(letter);
          },
        },
      );
      const [letter] = await eventually("a dead letter", async () => {
        const letters = await queue.deadLetters(JOBS, 10);
        return letters.length > 0 && letters;
      });
      expect(attempts).toEqual([1, 2, 3]);
      const reason = "delivery limit of 3 reached: exchange said 10016 (3)";
      expect(letter).toMatchObject({ messageId: "a", reason });
      expect(told).toEqual([{ message: makeJob("a"), messageId: "a", reason }]);
    });

    it("dead-letters at once what can never succeed", async () => {
      await queue.publish(JOBS, [makeJob("a", { candleCount: 7 })]);
      await take(async () => ({ kind: "dead-letter", reason: "symbol LUNAUSDT is delisted" }));
      const [letter] = await eventually("a dead letter", async () => {
        const letters = await queue.deadLetters(JOBS, 10);
        return letters.length > 0 && letters;
      });
      expect(letter).toMatchObject({ messageId: "a", reason: "symbol LUNAUSDT is delisted" });
      expect(JSON.parse(letter?.body ?? "")).toEqual({
        schema_version: 1,
        job_id: "a",
        candle_count: 7,
        payload: "",
      });
    });

    it("dead-letters all the same when the hook fails", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      await queue.consume(JOBS, async () => ({ kind: "dead-letter", reason: "no" }), {
        prefetch: 1,
        onDeadLetter: async () => {
          throw new Error("the table is gone");
        },
      });
      await eventually("a dead letter", async () => (await queue.depth(JOBS)).dead === 1);
    });

    it("looks at dead letters without taking them, the oldest first", async () => {
      await queue.publish(JOBS, [makeJob("a"), makeJob("b"), makeJob("c")]);
      await take(async ({ messageId }) => ({ kind: "dead-letter", reason: `no ${messageId}` }));
      await eventually("three dead letters", async () => (await queue.depth(JOBS)).dead === 3);
      for (let look = 0; look < 3; look++) {
        const letters = await eventually("two are seen", async () => {
          const seen = await queue.deadLetters(JOBS, 2);
          return seen.length === 2 && seen;
        });
        expect(letters.map(({ reason }) => reason)).toEqual(["no a", "no b"]);
      }
      expect(await queue.deadLetters(JOBS, 0)).toEqual([]);
      await eventually("all are still there", async () => (await queue.depth(JOBS)).dead === 3);
    });

    it("gives a returned message back unharmed, its attempt not counted", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      const got: Delivery<Job>[] = [];
      // More often than the delivery limit.
      await take(async (delivery) => {
        got.push(delivery);
        return got.length <= 4 ? { kind: "return", reason: "banned" } : ack;
      });
      await eventually("the fifth delivery", () => got.length === 5);
      expect(got.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1]);
      expect(got.map(({ redelivered }) => redelivered)).toEqual([false, true, true, true, true]);
    });

    it("gives a message returned by a stopping consumer to another at once", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      let stopping = false;
      let taken = false;
      const first = await take(async () => {
        taken = true;
        await eventually("the stop", () => stopping);
        return { kind: "return", reason: "stopping" };
      });
      await eventually("it is in hand", () => taken);
      const stopped = first.stop();
      stopping = true;
      await stopped;
      expect(await queue.depth(JOBS)).toEqual({ ready: 1, retrying: 0, dead: 0 });
      let attempt = 0;
      await take(async (delivery) => {
        attempt = delivery.attempt;
        return ack;
      });
      expect(await eventually("the second consumer has it", () => attempt)).toBe(1);
    });

    it.each([
      ["text that is not JSON", Buffer.from("{ not json"), [/not JSON/]],
      ["bytes that are no text", Buffer.from([0xff, 0x00, 0xfe]), [/not JSON/]],
      ["an empty body", Buffer.alloc(0), [/not JSON/]],
      ["null", Buffer.from("null"), [/is invalid/]],
      [
        "wrong fields, each of them named",
        Buffer.from(JSON.stringify({ schema_version: 1, job_id: "", candle_count: "many" })),
        [/job_id/, /candle_count: .*got "many"/],
      ],
      [
        "an unknown version",
        Buffer.from(JSON.stringify({ schema_version: 2, job_id: "a", candle_count: 1 })),
        [/schema_version: .*got 2/],
      ],
      [
        "lists in lists without end",
        Buffer.from("[".repeat(100_000) + "]".repeat(100_000)),
        [/nested deeper/],
      ],
      ["more than a mebibyte", Buffer.from(JSON.stringify({ payload: "x".repeat(1_100_000) })), [/bytes/]],
    ])("dead-letters %s, and goes on", async (_what, body, reasons) => {
      const told: unknown[] = [];
      const got: string[] = [];
      await subject.publishRaw(JOBS, body);
      await queue.publish(JOBS, [makeJob("good")]);
      await queue.consume(
        JOBS,
        async ({ messageId }) => {
          got.push(messageId);
          return ack;
        },
        {
          prefetch: 1,
          onDeadLetter: async ({ message }) => {
            told.push(message);
          },
        },
      );
      await eventually("the good one is done", () => got.length === 1);
      const [letter] = await queue.deadLetters(JOBS, 1);
      for (const reason of reasons) expect(letter?.reason).toMatch(reason);
      expect(letter?.body).toBe(body.toString("utf8"));
      expect(told).toEqual([undefined]);
    });

    it("drops messages older than their life, which are no dead letters", async () => {
      await queue.publish(FLEETING_JOBS, [makeJob("stale"), makeJob("stale too")]);
      await eventually("they expire", async () => (await queue.depth(FLEETING_JOBS)).ready === 0);
      const got: string[] = [];
      await queue.consume(
        FLEETING_JOBS,
        async ({ messageId }) => {
          got.push(messageId);
          return ack;
        },
        { prefetch: 5 },
      );
      await queue.publish(FLEETING_JOBS, [makeJob("fresh")]);
      await eventually("the fresh one is done", () => got.length > 0);
      expect(got).toEqual(["fresh"]);
      expect(await queue.depth(FLEETING_JOBS)).toEqual({ ready: 0, retrying: 0, dead: 0 });
    });

    it("counts a message's life from its publication over all its retries", async () => {
      await queue.publish(FLEETING_JOBS, [makeJob("a")]);
      const got: number[] = [];
      await queue.consume(
        FLEETING_JOBS,
        async ({ attempt }) => {
          got.push(attempt);
          return { kind: "retry", reason: "no", delayMs: 500 };
        },
        { prefetch: 1 },
      );
      await eventually("it is parked", async () => (await queue.depth(FLEETING_JOBS)).retrying === 1);
      await eventually("it is gone", async () => (await queue.depth(FLEETING_JOBS)).retrying === 0);
      await queue.publish(FLEETING_JOBS, [makeJob("b")]);
      await eventually("the next one is taken", () => got.length === 2);
      expect(got).toEqual([1, 1]);
      expect(await queue.depth(FLEETING_JOBS)).toMatchObject({ dead: 0 });
    });

    it("dead-letters a poison message of a queue whose messages expire", async () => {
      await queue.publish(FLEETING_JOBS, [makeJob("a")]);
      await queue.consume(FLEETING_JOBS, async () => ({ kind: "dead-letter", reason: "no" }), {
        prefetch: 1,
      });
      await eventually("a dead letter", async () => (await queue.depth(FLEETING_JOBS)).dead === 1);
    });

    it("delivers a message twice that was published twice, under the same id", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      await queue.publish(JOBS, [makeJob("a")]);
      const got: string[] = [];
      await take(async ({ messageId }) => {
        got.push(messageId);
        return ack;
      });
      await eventually("both", () => got.length === 2);
      expect(got).toEqual(["a", "a"]);
    });

    it("finishes the messages in hand when a consumer stops, and takes no more", async () => {
      await queue.publish(
        JOBS,
        Array.from({ length: 6 }, (_, i) => makeJob(`job-${i}`)),
      );
      let taken = 0;
      let done = 0;
      let release: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const consumer = await take(async () => {
        taken++;
        await gate;
        done++;
        return ack;
      }, 2);
      await eventually("two are in hand", () => taken === 2);
      const stopped = consumer.stop();
      release();
      await stopped;
      expect({ taken, done }).toEqual({ taken: 2, done: 2 });
      await consumer.stop();
      expect(await queue.depth(JOBS)).toEqual({ ready: 4, retrying: 0, dead: 0 });
      let attempts = 0;
      await take(async ({ attempt }) => {
        attempts += attempt;
        return ack;
      }, 4);
      await eventually("the rest is done by another", async () => attempts === 4);
    });

    it("closes once, however often it is asked, and finishes what is in hand", async () => {
      await queue.publish(JOBS, [makeJob("a")]);
      let done = false;
      let taken = false;
      await take(async () => {
        taken = true;
        await new Promise((resolve) => setImmediate(resolve));
        done = true;
        return ack;
      });
      await eventually("it is in hand", () => taken);
      await Promise.all([queue.close(), queue.close()]);
      await queue.close();
      expect(done).toBe(true);
      await expect(queue.publish(JOBS, [makeJob("b")])).rejects.toThrow(/closed/);
      await expect(take(async () => ack)).rejects.toThrow(/closed/);
    });
  });
}
