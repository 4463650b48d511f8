import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BACKTEST_TASKS, QUEUES } from "#libs/contracts/queues.ts";
import { connectRabbitMq, type RabbitMqOptions } from "#libs/queue/rabbitmq/connect.ts";
import { BrokerRefusal } from "#libs/queue/rabbitmq/refusal.ts";
import { declarationsOf, PARKING_LEVELS_MS } from "#libs/queue/rabbitmq/topology.ts";
import { MANIFESTS } from "#services/manifests.ts";
import { FLEETING_JOBS, JOBS, makeJob } from "#test/ports/queue-contract.ts";
import {
  type PrivateBroker,
  privateBrokerAvailable,
  startPrivateBroker,
} from "#test/support/broker/rabbitmq.ts";
import { type CountedFaults, countedFaults } from "#test/support/counted-faults.ts";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/process/free-port.ts";
import { type ServiceProcess, startService } from "#test/support/process/service-process.ts";
import { rawChannel } from "./rabbitmq-fixture.ts";

const USER = "carol?#";
const PASSWORD = "hunter2@/#?%";

describe.skipIf(!privateBrokerAvailable())("what RabbitMQ refuses for good", () => {
  let broker: PrivateBroker;
  let faults: CountedFaults;
  const vhost = "trade";

  beforeAll(async () => {
    broker = await startPrivateBroker();
    // In one call, for each one starts an Erlang machine.
    await broker.ctl(
      "eval",
      `rabbit_vhost:add(<<"${vhost}">>, <<"test">>),
       rabbit_auth_backend_internal:add_user(<<"${USER}">>, <<"${PASSWORD}">>, <<"test">>),
       [rabbit_auth_backend_internal:set_permissions(User, <<"${vhost}">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)
        || User <- [<<"${USER}">>, <<"guest">>]].`,
    );
  }, 240_000);
  afterAll(() => broker.dispose());
  beforeEach(async () => {
    faults = countedFaults();
    await deleteQueues();
  });

  const permit = (user: string, ...rights: string[]) =>
    broker.ctl("set_permissions", "-p", vhost, user, ...rights);
  const urlOf = (password = PASSWORD, host = vhost) =>
    `amqp://${encodeURIComponent(USER)}:${encodeURIComponent(password)}@127.0.0.1:${broker.port}/${host}`;
  const rootUrl = () => `amqp://guest:guest@127.0.0.1:${broker.port}/${vhost}`;
  const disconnectAll = () => broker.ctl("close_all_connections", "--vhost", vhost, "maintenance");
  const connectAs = (more: Partial<RabbitMqOptions> = {}) =>
    connectRabbitMq({
      url: urlOf(),
      logger: faults.logger,
      queues: [JOBS],
      ...more,
    });
  /** The error of what fails; null of what does not. */
  const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => null,
      (error: unknown) => error,
    );

  async function deleteQueues(): Promise<void> {
    const { connection, channel } = await rawChannel(rootUrl());
    for (const queue of [JOBS, FLEETING_JOBS, ...QUEUES]) {
      for (const { name } of declarationsOf(queue, PARKING_LEVELS_MS)) await channel.deleteQueue(name);
    }
    await connection.close();
  }

  /** A queue with the name of one of ours, as an older version or a person made it. */
  async function declareOtherwise(name: string): Promise<void> {
    const { connection, channel } = await rawChannel(rootUrl());
    await channel.deleteQueue(name);
    await channel.assertQueue(name, { durable: true });
    await connection.close();
  }

  function expectNoCredential(text: string): void {
    for (const secret of [USER, PASSWORD]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(encodeURIComponent(secret));
    }
  }

  describe("at the start ends the wait at once, with its own words, remedy and metric:", () => {
    it.each<readonly [string, () => Promise<unknown>, () => string, RegExp, RegExp]>([
      [
        "a queue with other arguments",
        () => declareOtherwise(JOBS.name),
        urlOf,
        /refuses a queue: .*PRECONDITION_FAILED - inequivalent arg .*'jobs'/,
        /delete that queue/,
      ],
      [
        "a wrong password",
        async () => {},
        () => urlOf("hunter3"),
        /refuses the user: .*ACCESS.REFUSED/,
        /RABBITMQ_URL/,
      ],
      [
        "a user who may not declare",
        () => permit(USER, "^$", ".*", ".*"),
        urlOf,
        /refuses the user: .*access to queue '.*' in vhost 'trade' refused for user '\(hidden\)'/,
        /permissions/,
      ],
      [
        "an unknown virtual host",
        () => permit(USER, ".*", ".*", ".*"),
        () => urlOf(PASSWORD, "nowhere"),
        /\/nowhere refuses the virtual host: the virtual host does not exist/,
        /create it/,
      ],
    ])(
      "%s",
      async (_, prepare, url, words, remedy) => {
        await prepare();
        const refusal = await refusalOf(connectAs({ url: url() }));
        expect(refusal).toBeInstanceOf(BrokerRefusal);
        expect(String(refusal)).toMatch(words);
        expect(String(refusal)).toMatch(remedy);
        expect(faults.counts().BrokerRefusals).toBe(1);
        expectNoCredential(`${String(refusal)} ${faults.text()}`);
      },
      40_000,
    );

    it("a user who may not consume", async () => {
      await permit(USER, ".*", ".*", `^(?!${FLEETING_JOBS.name}$)`);
      const queue = await connectAs({ queues: [FLEETING_JOBS] });
      const consuming = queue.consume(FLEETING_JOBS, async () => ({ kind: "ack" }), { prefetch: 1 });
      expect(await refusalOf(consuming)).toBeInstanceOf(BrokerRefusal);
      expect(faults.counts().BrokerRefusals).toBe(1);
      await queue.close();
      await permit(USER, ".*", ".*", ".*");
    }, 40_000);

    it("in each service, with exit code 3", async () => {
      await declareOtherwise(BACKTEST_TASKS.name);
      const services = await startAll();
      for (const service of services) {
        expect(await service.exited).toBe(3);
        expect(service.output()).toContain("BrokerRefusals");
        expect(service.output()).toContain("delete that queue");
        expectNoCredential(service.output());
      }
    }, 120_000);
  });

  describe("in the middle of a run is not tried again, and all that waits fails with it:", () => {
    it.each<readonly [string, () => Promise<unknown>, () => Promise<unknown>, RegExp]>([
      [
        "a new password",
        () => broker.ctl("change_password", USER, "hunter4"),
        () => broker.ctl("change_password", USER, PASSWORD),
        /refuses the user/,
      ],
      [
        "a queue that was made anew with other arguments",
        () => declareOtherwise(JOBS.name),
        async () => {},
        /refuses a queue/,
      ],
      [
        "a user who may publish no more",
        () => permit(USER, ".*", "^$", ".*"),
        () => permit(USER, ".*", ".*", ".*"),
        /refuses the user/,
      ],
    ])(
      "%s",
      async (_, change, restore, words) => {
        const refusals: BrokerRefusal[] = [];
        const queue = await connectAs({ onRefused: (refusal) => refusals.push(refusal) });
        await queue.consume(JOBS, async () => ({ kind: "ack" }), { prefetch: 1 });
        await change();
        await disconnectAll();
        const waiting = await refusalOf(queue.publish(JOBS, [makeJob("a")]));
        expect(waiting).toBeInstanceOf(BrokerRefusal);
        expect(refusals).toHaveLength(1);
        expect(String(refusals[0])).toMatch(words);
        expect(await refusalOf(queue.publish(JOBS, [makeJob("b")]))).toBe(refusals[0]);
        expect(faults.counts().BrokerRefusals).toBe(1);
        expectNoCredential(faults.text());
        await queue.close();
        await restore();
      },
      60_000,
    );

    it("in each service, which ends with exit code 3", async () => {
      const services = await startAll();
      for (const service of services) {
        await eventually(
          "both connections stand",
          () => service.lines().filter(({ msg }) => msg === "connected to RabbitMQ").length === 2,
          { timeoutMs: 120_000 },
        );
      }
      await broker.ctl("change_password", USER, "hunter4");
      await disconnectAll();
      for (const service of services) {
        expect(await service.exited).toBe(3);
        expectNoCredential(service.output());
      }
      await broker.ctl("change_password", USER, PASSWORD);
    }, 240_000);
  });

  it("is not what a broker says that starts again", async () => {
    const refusals: BrokerRefusal[] = [];
    const queue = await connectAs({ onRefused: (refusal) => refusals.push(refusal) });
    await broker.kill();
    const publishing = refusalOf(queue.publish(JOBS, [makeJob("a")]));
    await broker.start();
    expect(await publishing).not.toBeInstanceOf(BrokerRefusal);
    expect(refusals).toEqual([]);
    await queue.close();
  }, 120_000);

  it("is a virtual host that is deleted in the middle of a run", async () => {
    const refusals: BrokerRefusal[] = [];
    const queue = await connectAs({ onRefused: (refusal) => refusals.push(refusal) });
    await broker.ctl("delete_vhost", vhost);
    await eventually("it is refused", () => refusals.length === 1, { timeoutMs: 60_000 });
    expect(String(refusals[0])).toMatch(/refuses the virtual host/);
    expect(await refusalOf(queue.depth(JOBS))).toBe(refusals[0]);
    await queue.close();
  }, 90_000);

  async function startAll(): Promise<readonly ServiceProcess[]> {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    return MANIFESTS.filter(({ settings }) => [...settings].some((name) => name === "RABBITMQ_URL")).map(
      ({ name }) =>
        startService(name, {
          RABBITMQ_URL: urlOf(),
          AWS_ENDPOINT_URL: nowhere,
          AWS_ACCESS_KEY_ID: "x",
          AWS_SECRET_ACCESS_KEY: "x",
          BYBIT_BASE_URL: nowhere,
          RUN_EVERY_SECONDS: "60",
        }),
    );
  }
});
