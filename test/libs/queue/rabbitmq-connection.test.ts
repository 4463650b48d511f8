import type { ChannelModel } from "amqplib";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Delivery, QueueError } from "#libs/queue/queue.ts";
import { parseBrokerUrl } from "#libs/queue/rabbitmq/broker-url.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { type LinkOptions, openLink } from "#libs/queue/rabbitmq/link.ts";
import { makePublisher } from "#libs/queue/rabbitmq/publisher.ts";
import { BrokerRefusal } from "#libs/queue/rabbitmq/refusal.ts";
import { CONTRACT_QUEUES, JOBS, type Job, makeJob } from "#test/ports/queue-contract.ts";
import { rabbitMqAvailable, rabbitMqUrl } from "#test/support/broker/rabbitmq.ts";
import { startTcpProxy, type TcpProxy } from "#test/support/broker/tcp-proxy.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/process/free-port.ts";
import { deleteQueues, makeRabbitMqFixture, type RabbitMqFixture } from "./rabbitmq-fixture.ts";

describe.skipIf(!rabbitMqAvailable())("connection to RabbitMQ", () => {
  let brokerUrl: URL;
  let proxy: TcpProxy;
  /** The broker as seen through the proxy. */
  let proxyUrl: string;
  let fixture: RabbitMqFixture;

  beforeEach(async () => {
    brokerUrl = new URL(await rabbitMqUrl());
    proxy = await startTcpProxy(Number(brokerUrl.port || "5672"));
    const url = new URL(brokerUrl);
    url.port = String(proxy.port);
    proxyUrl = url.href;
    fixture = await makeRabbitMqFixture(brokerUrl.href);
  });
  afterEach(async () => {
    await fixture.dispose();
    await proxy.close();
  });

  const openTestLink = (setup: LinkOptions["setup"], logger = capturedLogger().logger) =>
    openLink({
      address: parseBrokerUrl(proxyUrl),
      purpose: "testing",
      socket: {},
      logger,
      startupTimeoutMs: 20_000,
      signal: undefined,
      setup,
      onRefused: () => {},
    });

  it("comes back when it breaks while it is set up, though the driver leaves a question without an answer", async () => {
    let setups = 0;
    const link = await openTestLink(async () => {
      setups += 1;
      if (setups > 1) return;
      proxy.cut();
      await new Promise(() => {});
    });
    expect(setups).toBe(2);
    await link.close();
  });

  it("comes back when it breaks while the driver says goodbye after a setup that failed", async () => {
    let setups = 0;
    const link = await openTestLink(async () => {
      setups += 1;
      if (setups > 1) return;
      proxy.freeze(true);
      setTimeout(() => {
        proxy.cut();
        proxy.freeze(false);
      }, 300);
      throw new Error("the broker did not answer in time");
    });
    expect(setups).toBe(2);
    await link.close();
  });

  it("publishes on the next connection what is asked for while this one says goodbye", async () => {
    let lines = 0;
    const destination = {
      // A loop without a pause would let no timer end the test.
      write() {
        lines += 1;
        if (lines > 1_000) throw new Error("it tries again without end");
      },
    };
    const logger = pino({ level: "trace" }, destination);
    const publisher = makePublisher({
      logger,
      timeoutMs: 10_000,
      onChannelError: () => {},
      reasonOf: String,
      declare: async (channel) => {
        await channel.assertQueue(`${fixture.prefix}goodbye`, { durable: false, autoDelete: true });
      },
    });
    const models: ChannelModel[] = [];
    const link = await openTestLink((model) => {
      models.push(model);
      return publisher.setup(model);
    }, logger);
    const letter = { body: Buffer.from("x"), messageId: "a", options: {} };
    proxy.freeze(true);
    models[0]?.close().catch(() => {});
    const published = publisher.publish(`${fixture.prefix}goodbye`, [letter]);
    // Held back, the broker's goodbye leaves the connection as it is for a while.
    setTimeout(() => proxy.freeze(false), 200);
    await published;
    expect(models).toHaveLength(2);
    expect(lines).toBeGreaterThan(0);
    expect(lines).toBeLessThan(20);
    await publisher.close();
    await link.close();
  });

  it("answers each question or says that it cannot, wherever the connection breaks in its midst", async () => {
    const queue = await fixture.connect({ url: proxyUrl });
    await queue.publish(JOBS, [makeJob("a")]);
    const questions: Promise<string>[] = [];
    let answered = 0;
    const ask = () => {
      const question = questions.length % 2 === 0 ? queue.depth(JOBS) : queue.deadLetters(JOBS, 1);
      questions.push(
        question.then(
          () => {
            answered += 1;
            return "answered";
          },
          (error: unknown) => (error instanceof QueueError ? "refused" : String(error)),
        ),
      );
    };
    // One after the other, so that some are at their first question to the broker and some at the closing of a channel.
    while (answered < 30) {
      ask();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    ask();
    ask();
    proxy.freeze(true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.cut();
    proxy.freeze(false);
    const ends = await Promise.all(questions);
    expect(new Set(ends)).toEqual(new Set(["answered", "refused"]));
    expect((await queue.depth(JOBS)).ready).toBe(1);
  });

  it("comes back after a cut, with its consumers, and what was in hand comes again", async () => {
    const queue = await fixture.connect({ url: proxyUrl });
    const got: Delivery<Job>[] = [];
    let inHand = 0;
    let most = 0;
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await queue.consume(
      JOBS,
      async (delivery) => {
        got.push(delivery);
        most = Math.max(most, ++inHand);
        if (got.length === 1) await gate;
        inHand--;
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await queue.publish(JOBS, [makeJob("a")]);
    await eventually("it is in hand", () => got.length === 1);
    proxy.cut();
    await queue.publish(JOBS, [makeJob("b")]);
    await eventually("it is delivered again, behind the one in hand", async () => {
      const { consumerCount, messageCount } = await fixture.raw.checkQueue(`${fixture.prefix}jobs`);
      return consumerCount === 1 && messageCount === 1;
    });
    // Its acknowledgement belongs to a channel that is no more: this must disturb nobody.
    release();
    await eventually("both are done", () => got.length === 3);
    expect(most).toBe(1);
    expect(got.map(({ messageId, attempt }) => `${messageId} ${attempt}`)).toEqual(["a 1", "a 2", "b 1"]);
    await eventually("nothing is left", async () => (await queue.depth(JOBS)).ready === 0);
  });

  it("gives back unseen what reaches a consumer that stops", async () => {
    const queue = await fixture.connect({ url: proxyUrl });
    let calls = 0;
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const consumer = await queue.consume(
      JOBS,
      async () => {
        calls++;
        await gate;
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await queue.publish(JOBS, [makeJob("a")]);
    await eventually("it is in hand", () => calls === 1);
    proxy.cut();
    await eventually("it is delivered again, behind itself", async () => {
      const { consumerCount, messageCount } = await fixture.raw.checkQueue(`${fixture.prefix}jobs`);
      return proxy.connections() >= 2 && consumerCount === 1 && messageCount === 0;
    });
    const stopped = consumer.stop();
    release();
    await stopped;
    expect(calls).toBe(1);
    expect(await fixture.queue.depth(JOBS)).toEqual({ ready: 1, retrying: 0, dead: 0 });
    let attempt = 0;
    await fixture.queue.consume(
      JOBS,
      async (delivery) => {
        attempt = delivery.attempt;
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    // The cut counts, the delivery that nobody saw does not.
    expect(await eventually("another has it", () => attempt)).toBe(2);
  });

  it("publishes when it is back what was asked for while it was gone", async () => {
    const queue = await fixture.connect({ url: proxyUrl });
    proxy.allow(false);
    proxy.cut();
    await eventually("it is cut", () => proxy.connections() === 0);
    const published = queue.publish(JOBS, [makeJob("a"), makeJob("b")]);
    proxy.allow(true);
    await published;
    expect(await fixture.queue.depth(JOBS)).toMatchObject({ ready: 2 });
  });

  it("refuses what it could not publish in time", async () => {
    const queue = await fixture.connect({ url: proxyUrl, publishTimeoutMs: 300 });
    proxy.allow(false);
    proxy.cut();
    await eventually("it is cut", () => proxy.connections() === 0);
    await expect(queue.publish(JOBS, [makeJob("a")])).rejects.toThrow(QueueError);
    expect(await fixture.queue.depth(JOBS)).toMatchObject({ ready: 0 });
  });

  it("confirms only what the broker has, over many cuts", async () => {
    const queue = await fixture.connect({ url: proxyUrl });
    const confirmed: string[] = [];
    for (let round = 0; round < 10; round++) {
      const jobs = Array.from({ length: 20 }, (_, i) =>
        makeJob(`${round}-${i}`, { payload: "x".repeat(5_000) }),
      );
      const published = queue.publish(JOBS, jobs);
      if (round % 2 === 0) setImmediate(() => proxy.cut());
      await published;
      confirmed.push(...jobs.map(({ jobId }) => jobId));
    }
    const got: string[] = [];
    await fixture.queue.consume(
      JOBS,
      async ({ messageId }) => {
        got.push(messageId);
        return { kind: "ack" };
      },
      { prefetch: 50 },
    );
    await eventually("all arrive", () => new Set(got).size === confirmed.length);
    // Repeats apart, in the order of publication.
    expect([...new Set(got)]).toEqual(confirmed);
  });

  it("stops its consumers and closes while the broker is out of reach", async () => {
    const queue = await fixture.connect({ url: proxyUrl });
    let taken = false;
    let done = false;
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const consumer = await queue.consume(
      JOBS,
      async () => {
        taken = true;
        await gate;
        done = true;
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await queue.publish(JOBS, [makeJob("a")]);
    await eventually("it is in hand", () => taken);
    proxy.allow(false);
    proxy.cut();
    const pending = queue.publish(JOBS, [makeJob("b")]);
    const refused = expect(pending).rejects.toThrow(QueueError);
    const stopped = consumer.stop();
    release();
    await stopped;
    expect(done).toBe(true);
    await queue.close();
    await refused;
  });

  it("leaves no socket and no timer behind", async () => {
    const before = resources();
    const queue = await connectRabbitMq({
      url: proxyUrl,
      logger: capturedLogger().logger,
      queues: [JOBS],
      queuePrefix: fixture.prefix,
      parkingLevelsMs: [100, 1_000, 60_000],
    });
    const consumer = await queue.consume(JOBS, async () => ({ kind: "ack" }), { prefetch: 1 });
    await queue.publish(JOBS, [makeJob("a")]);
    proxy.cut();
    await queue.publish(JOBS, [makeJob("b")]);
    await queue.deadLetters(JOBS, 1);
    await consumer.stop();
    await queue.close();
    await eventually("the connections are gone", () => proxy.connections() === 0);
    await eventually("nothing is left", () => {
      const now = resources();
      return now.sockets <= before.sockets && now.timers <= before.timers + 1;
    });
  });

  it("waits at the start for a broker that is not there yet", async () => {
    proxy.allow(false);
    const connecting = fixture.connect({ url: proxyUrl });
    proxy.allow(true);
    const queue = await connecting;
    await queue.publish(JOBS, [makeJob("a")]);
    expect(await queue.depth(JOBS)).toMatchObject({ ready: 1 });
  });

  it("can be made by several processes at once, which all declare the queues", async () => {
    const queuePrefix = `${fixture.prefix}together.`;
    const queues = await Promise.all(Array.from({ length: 5 }, () => fixture.connect({ queuePrefix })));
    await Promise.all(queues.map((queue, i) => queue.publish(JOBS, [makeJob(`job-${i}`)])));
    expect(await fixture.connect({ queuePrefix }).then((queue) => queue.depth(JOBS))).toMatchObject({
      ready: 5,
    });
    await deleteQueues(brokerUrl.href, queuePrefix, CONTRACT_QUEUES);
  });

  it("ends the wait at the start when told to", async () => {
    const stop = new AbortController();
    const connecting = fixture.connect({
      url: `amqp://127.0.0.1:${await freePort()}`,
      signal: stop.signal,
    });
    stop.abort(new Error("told to stop"));
    await expect(connecting).rejects.toThrow("told to stop");
  });

  it("gives up at the start with one error that names the broker and no credential", async () => {
    const port = await freePort();
    const log = capturedLogger();
    const failure: unknown = await connectRabbitMq({
      url: `amqp://someone:hunter2@127.0.0.1:${port}/vhost`,
      logger: log.logger,
      startupTimeoutMs: 400,
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(QueueError);
    expect(String(failure)).toContain(`amqp://127.0.0.1:${port}/vhost`);
    expect(everything(failure) + log.text()).not.toContain("hunter2");
    expect(everything(failure) + log.text()).not.toContain("someone");
  });

  it("gives up at once when the password is wrong, and does not show it", async () => {
    const log = capturedLogger();
    const failure: unknown = await connectRabbitMq({
      url: `amqp://guest:hunter2@127.0.0.1:${brokerUrl.port}`,
      logger: log.logger,
      startupTimeoutMs: 600_000,
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BrokerRefusal);
    expect(String(failure)).toMatch(/ACCESS.REFUSED/);
    expect(everything(failure) + log.text()).not.toContain("hunter2");
  });

  it("names the virtual host when that is what the broker refuses", async () => {
    const url = `amqp://guest:guest@127.0.0.1:${brokerUrl.port}/nowhere`;
    await expect(fixture.connect({ url, startupTimeoutMs: 1_500 })).rejects.toThrow(
      /RabbitMQ at .*\/nowhere refuses the virtual host: the virtual host does not exist/,
    );
  });
});

function resources(): { sockets: number; timers: number } {
  const active = process.getActiveResourcesInfo();
  return {
    sockets: active.filter((kind) => kind === "TCPSocketWrap" || kind === "TLSWrap").length,
    timers: active.filter((kind) => kind === "Timeout").length,
  };
}

/** An error with all it carries, causes included. */
function everything(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.stack, JSON.stringify(error), error.cause === undefined ? "" : everything(error.cause)].join(
    "\n",
  );
}
