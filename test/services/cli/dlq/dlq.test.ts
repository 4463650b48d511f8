import { type ConfirmChannel, connect, type Options } from "amqplib";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BacktestTask, TradingSignal } from "#libs/contracts/messages.ts";
import { backtestTaskSchema, tradingSignalId, tradingSignalSchema } from "#libs/contracts/messages.ts";
import { BACKTEST_TASKS, QUEUES, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { toWire } from "#libs/contracts/wire.ts";
import type { MessageQueue, Outcome } from "#libs/queue/queue.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import { runDlq } from "#services/cli/dlq/run-dlq.ts";
import {
  type PrivateBroker,
  privateBrokerAvailable,
  startPrivateBroker,
} from "#test/support/broker/rabbitmq.ts";
import { eventually } from "#test/support/eventually.ts";
import { backtestTask, tradingSignal } from "#test/support/factories/messages.ts";
import { freePort } from "#test/support/process/free-port.ts";
import { startProgram } from "#test/support/process/program.ts";

const CLEAR_SCREEN = "\u001b[2J";
/** Whatever is not a line break. */
const ACTS_ON_TERMINALS = /(?!\n)[\p{Cc}\p{Cf}]/u;

describe.skipIf(!privateBrokerAvailable())("npm run dlq", () => {
  // The command knows the real queues only, so it gets a broker on which they are nobody else's.
  let broker: PrivateBroker;
  let channel: ConfirmChannel;
  let queue: MessageQueue;

  beforeAll(async () => {
    broker = await startPrivateBroker();
    queue = await connectRabbitMq({ url: broker.url, logger: pino({ level: "silent" }) });
    const connection = await connect(broker.url);
    connection.on("error", () => {});
    channel = await connection.createConfirmChannel();
  }, 120_000);
  afterAll(async () => {
    await queue?.close();
    await broker?.dispose();
  });
  beforeEach(async () => {
    for (const { name, deadLetterName } of QUEUES) {
      await channel.purgeQueue(name);
      await channel.purgeQueue(deadLetterName);
    }
  });

  async function put(queueName: string, body: Buffer | object, options: Options.Publish = {}) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    await new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queueName, bytes, options, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  interface Ran {
    readonly code: number;
    readonly out: string;
    readonly err: string;
    readonly bytes: Buffer;
  }

  type Answer = string | null | (() => Promise<string>);

  async function dlq(args: readonly string[], answer: Answer = null, url = broker.url): Promise<Ran> {
    let out = "";
    let err = "";
    const bytes: Uint8Array[] = [];
    const terminal = {
      print: (text: string) => {
        out += text;
      },
      printError: (text: string) => {
        err += text;
      },
      printBytes: (some: Uint8Array) => bytes.push(some),
      ask: async () => (typeof answer === "function" ? answer() : answer),
    };
    const code = await runDlq(args, { RABBITMQ_URL: url }, terminal);
    return { code, out, err, bytes: Buffer.concat(bytes) };
  }

  const taskBody = (task: BacktestTask) => toWire(backtestTaskSchema, task, "task");
  const putDeadTask = async (symbol: string) => {
    const task = backtestTask({ symbol, taskId: `scan-2026-01-15T12:${symbol}:5m` });
    await put("backtest-tasks.dead", taskBody(task), {
      messageId: task.taskId,
      headers: {
        attempts: 5,
        reason: "the table throttles",
        "published-at-ms": 1_760_000_000_000,
        "died-at-ms": 1_760_000_100_000,
      },
    });
    return task.taskId;
  };
  const signalOf = (issuedAt: number): TradingSignal =>
    tradingSignal({
      issuedAt,
      signalId: tradingSignalId("BTCUSDT", "5m", "BASIC", Math.floor(issuedAt / 60_000)),
    });

  const depth = async (name: string) => (await channel.checkQueue(name)).messageCount;
  const deadIds = async (...args: string[]): Promise<string[]> => {
    const { out } = await dlq(["list", "--queue", "backtest-tasks", "--json", ...args]);
    return JSON.parse(out).queues[0].messages.map(({ id }: { id: string }) => id);
  };

  it("says that there is nothing", async () => {
    const { code, out, err } = await dlq(["list"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe("backtest-tasks.dead: empty\n\ntrading-signals.dead: empty\n");
  });

  it("tells what a worker refused and what the broker gave up, with reason, times and what to do", async () => {
    const refused = async (): Promise<Outcome> => ({
      kind: "dead-letter",
      reason: "GHOSTUSDT is not listed",
    });
    const consumer = await queue.consume(BACKTEST_TASKS, refused, { prefetch: 1 });
    await queue.publish(BACKTEST_TASKS, [backtestTask({ symbol: "GHOSTUSDT" })]);
    await eventually("it is dead", async () => (await depth("backtest-tasks.dead")) === 1);
    await consumer.stop();
    const before = Date.now();
    await queue.publish(BACKTEST_TASKS, [backtestTask({ symbol: "KILLERUSDT" })]);
    for (let death = 0; death <= BACKTEST_TASKS.deliveryLimit; death++) {
      const worker = await connect(broker.url);
      const hand = await worker.createChannel();
      await eventually("a worker takes it", () => hand.get("backtest-tasks"));
      await worker.close();
    }
    await eventually("the broker gives it up", async () => (await depth("backtest-tasks.dead")) === 2);

    const { out } = await dlq(["list", "--json"]);
    const [first, second] = JSON.parse(out).queues[0].messages;
    expect(first).toMatchObject({ reason: "GHOSTUSDT is not listed", attempts: 1, state: "refused" });
    expect(second).toMatchObject({
      reason: "delivery limit of 5 reached: its workers died before settling it",
      attempts: 5,
      state: "exhausted",
      to_do: "retry it after its cause is resolved",
    });
    for (const { died_at, first_seen } of [first, second]) {
      expect(Date.parse(died_at)).toBeGreaterThan(before - 60_000);
      expect(Date.parse(first_seen)).toBeLessThanOrEqual(Date.now());
    }
    const text = await dlq(["list"]);
    expect(text.out).toContain("reason: GHOSTUSDT is not listed");
    expect(text.out).toContain("to do:  retry it after its cause is resolved");
  });

  it("keeps every letter in its place however often it is looked at", async () => {
    const ids: string[] = [];
    for (const symbol of ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT"]) ids.push(await putDeadTask(symbol));
    for (let look = 0; look < 25; look++) {
      expect(await deadIds("--limit", String(1 + (look % 4)))).toEqual(ids.slice(0, 1 + (look % 4)));
      if (look % 5 === 0) expect((await dlq(["show", ids[look % 4] ?? ""])).code).toBe(0);
    }
    expect(await deadIds()).toEqual(ids);
    expect(await depth("backtest-tasks.dead")).toBe(4);
  });

  it("counts those it does not list", async () => {
    for (const symbol of ["AAAUSDT", "BBBUSDT", "CCCUSDT"]) await putDeadTask(symbol);
    const { out } = await dlq(["list", "--limit", "1", "--queue", "backtest-tasks.dead"]);
    expect(out).toMatch(/^backtest-tasks\.dead: 3 messages\n/);
    expect(out).toContain("... and 2 more");
  });

  it.each([
    ["JSON, laid out", Buffer.from('{"symbol":"日本語USDT","list":[1]}'), ['  "symbol": "日本語USDT"']],
    [
      "text that acts on terminals, escaped",
      Buffer.from(`no ${CLEAR_SCREEN}\u009b \u202eJSON`),
      ["no \\u{1b}[2J\\u{9b} \\u{202e}JSON"],
    ],
    [
      "such text within JSON, escaped",
      Buffer.from(JSON.stringify({ a: "\u202e\u0085" })),
      ['"a": "\\u{202e}\\u{85}"'],
    ],
    [
      "bytes that are no text",
      Buffer.from([0, 0xff, 0xfe, 0x41, 0x1b]),
      ["00000000  00 ff fe 41 1b", " ...A."],
    ],
    ["nothing", Buffer.alloc(0), ["(empty)"]],
    [
      "the beginning of a megabyte",
      Buffer.from("x".repeat(1_100_000)),
      ["... and 1096000 more characters (--raw"],
    ],
    [
      "lists in lists without end",
      Buffer.from("[".repeat(9_000) + "]".repeat(9_000)),
      ["more characters (--raw"],
    ],
  ])("shows a body that is %s", async (_, body, expected) => {
    await put("trading-signals.dead", body, {
      messageId: `odd ${CLEAR_SCREEN}`,
      headers: { reason: `why ${CLEAR_SCREEN}` },
    });
    const listed = await dlq(["list"]);
    const { code, out } = await dlq(["show", "odd \\u{1b}[2J"]);
    expect(code).toBe(0);
    for (const part of expected) expect(out).toContain(part);
    for (const text of [out, listed.out]) expect(text).not.toMatch(ACTS_ON_TERMINALS);
    expect(out.length).toBeLessThan(12_000);
    expect((await dlq(["show", `odd ${CLEAR_SCREEN}`, "--raw"])).bytes.equals(body)).toBe(true);
  });

  it("gives a body to programs as JSON, as text or as base64", async () => {
    await put("backtest-tasks.dead", { a: 1 }, { messageId: "json" });
    await put("backtest-tasks.dead", Buffer.from("not {"), { messageId: "text" });
    await put("backtest-tasks.dead", Buffer.from([0xff]), { messageId: "bytes" });
    const shown = async (id: string) => JSON.parse((await dlq(["show", id, "--json"])).out).messages[0];
    expect(await shown("json")).toMatchObject({ body: { a: 1 }, bytes: 7, died_at: null, first_seen: null });
    expect(await shown("text")).toMatchObject({ body_text: "not {", state: "unreadable" });
    expect(await shown("bytes")).toMatchObject({ body_base64: "/w==" });
  });

  it("names a letter without an id by its bytes", async () => {
    await put("backtest-tasks.dead", Buffer.from("no id"));
    const [id = ""] = await deadIds();
    expect(id).toMatch(/^body-[0-9a-f]{12}$/);
    expect((await dlq(["show", id])).out).toContain("no id");
  });

  it("sends one back with all its attempts, and leaves the others in their order", async () => {
    const [first, second, third] = [
      await putDeadTask("AAAUSDT"),
      await putDeadTask("BBBUSDT"),
      await putDeadTask("CCCUSDT"),
    ];
    const { code, out } = await dlq(["retry", second]);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("1 sent back, 0 left") });
    expect(await deadIds()).toEqual([first, third]);
    const attempts: unknown[] = [];
    const consumer = await queue.consume(
      BACKTEST_TASKS,
      async ({ messageId, attempt, redelivered, message }) => {
        attempts.push([messageId, attempt, redelivered, message.symbol]);
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await eventually("it is worked on", () => attempts.length === 1);
    await consumer.stop();
    expect(attempts).toEqual([[second, 1, false, "BBBUSDT"]]);
    expect(await depth("backtest-tasks")).toBe(0);
  });

  it("sends nothing back that would die again or that nothing would act on, unless forced", async () => {
    const nowMs = Date.now();
    const stale = signalOf(nowMs - 120_000);
    const body = toWire(tradingSignalSchema, stale, "signal");
    await put("trading-signals.dead", body, {
      messageId: stale.signalId,
      headers: { attempts: 1, "published-at-ms": stale.issuedAt, "died-at-ms": nowMs },
    });
    await put("trading-signals.dead", body, {
      messageId: "foreign",
      headers: { "died-at-ms": nowMs - 61_000 },
    });
    await put("trading-signals.dead", Buffer.from("{"), { messageId: "broken" });
    const fresh = signalOf(nowMs);
    await put("trading-signals.dead", toWire(tradingSignalSchema, fresh, "signal"), {
      messageId: fresh.signalId,
      headers: { attempts: 1, "published-at-ms": nowMs, "died-at-ms": nowMs },
    });

    const { code, out, err } = await dlq(["retry", "--all"]);
    expect(code).toBe(1);
    expect(out).toContain("1 sent back, 3 left");
    expect(err).toMatch(new RegExp(`${stale.signalId}: it is 2 min old`));
    expect(err).toContain("broken: it would be dead-lettered again: not JSON");
    expect([await depth("trading-signals"), await depth("trading-signals.dead")]).toEqual([1, 3]);

    expect(await dlq(["retry", "broken", stale.signalId, "--force"])).toMatchObject({ code: 0, err: "" });
    expect([await depth("trading-signals"), await depth("trading-signals.dead")]).toEqual([3, 1]);
    // Forced, it is not too old on arrival: whoever takes it decides.
    const taken: string[] = [];
    const consumer = await queue.consume(
      TRADING_SIGNALS,
      async ({ messageId }) => {
        taken.push(messageId);
        return { kind: "ack" };
      },
      { prefetch: 1 },
    );
    await eventually("both are taken", () => taken.length === 2);
    await eventually("the broken one is dead again", async () => (await depth("trading-signals.dead")) === 2);
    await consumer.stop();
    expect(taken).toEqual([fresh.signalId, stale.signalId]);
  });

  it("keeps a letter whose queue is gone", async () => {
    const id = await putDeadTask("AAAUSDT");
    await channel.deleteQueue("backtest-tasks");
    try {
      const { code, err } = await dlq(["retry", id]);
      expect(code).toBe(1);
      expect(err).toContain("queue backtest-tasks does not exist");
      expect(await deadIds()).toEqual([id]);
    } finally {
      // Any publish finds out, and has it declared again.
      await queue.publish(BACKTEST_TASKS, [backtestTask()]).catch(() => {});
      await eventually("it is there again", () =>
        queue.publish(BACKTEST_TASKS, [backtestTask()]).then(() => true),
      );
    }
  });

  it("loses nothing when it is killed in the middle", async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, (_, i) => putDeadTask(`COIN${i}USDT`)));
    const program = startProgram("services/cli/dlq/main.ts", ["retry", "--all"], {
      RABBITMQ_URL: broker.url,
    });
    await eventually("it has begun", () => program.stdout().includes("sent back to"), { timeoutMs: 20_000 });
    program.kill("SIGKILL");
    await program.exited;
    await eventually(
      "what it held is back",
      async () => (await depth("backtest-tasks")) + (await depth("backtest-tasks.dead")) >= 60,
    );
    expect((await dlq(["retry", "--all"])).code).toBe(0);
    const taken: string[] = [];
    for (;;) {
      const message = await channel.get("backtest-tasks", { noAck: true });
      if (message === false) break;
      taken.push(String(message.properties.messageId));
    }
    expect(new Set(taken)).toEqual(new Set(ids));
    // At worst the one between its confirm and its removal is there twice.
    expect(taken.length).toBeLessThanOrEqual(61);
    expect(await depth("backtest-tasks.dead")).toBe(0);
  }, 60_000);

  it("throws away what it is told to, and only after a yes", async () => {
    const [first, second] = [await putDeadTask("AAAUSDT"), await putDeadTask("BBBUSDT")];
    expect(await dlq(["discard", first])).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
    expect(await dlq(["discard", first], "n")).toMatchObject({ code: 2 });
    expect(await dlq(["discard", first], "")).toMatchObject({ code: 2 });
    expect(await deadIds()).toEqual([first, second]);
    expect(await dlq(["discard", first], "y")).toMatchObject({ code: 0, err: "" });
    expect(await deadIds()).toEqual([second]);
    await put("trading-signals.dead", Buffer.from("x"));
    expect(await dlq(["discard", "--all", "--yes", "--queue", "backtest-tasks"])).toMatchObject({ code: 0 });
    expect([await depth("backtest-tasks.dead"), await depth("trading-signals.dead")]).toEqual([0, 1]);
    const all = await dlq(["discard", "--all", "--yes", "--json"]);
    expect(JSON.parse(all.out).discarded).toHaveLength(1);
    expect([await depth("backtest-tasks"), await depth("trading-signals")]).toEqual([0, 0]);
  });

  it("tells in JSON what it did before it failed", async () => {
    const [first, second] = [await putDeadTask("AAAUSDT"), await putDeadTask("BBBUSDT")];
    const sent = await dlq(["retry", first, "nobody", "--json"]);
    expect(sent).toMatchObject({ code: 2, err: expect.stringContaining('"nobody"') });
    expect(JSON.parse(sent.out).retried).toMatchObject([{ id: first }]);
    const thrown = await dlq(["discard", second, "nobody", "--yes", "--json"]);
    expect(thrown).toMatchObject({ code: 2, err: expect.stringContaining('"nobody"') });
    expect(JSON.parse(thrown.out).discarded).toMatchObject([{ id: second }]);
    expect(await dlq(["retry", "nobody", "--json"])).toMatchObject({ code: 2, out: "" });
  });

  it("keeps what died while a person thought about the others", async () => {
    await putDeadTask("AAAUSDT");
    await putDeadTask("BBBUSDT");
    const thinking = async () => {
      await putDeadTask("LATEUSDT");
      await put("trading-signals.dead", Buffer.from("late"));
      return "y";
    };
    expect(await dlq(["discard", "--all"], thinking)).toMatchObject({
      code: 0,
      out: expect.stringContaining("2 discarded"),
    });
    expect(await deadIds()).toEqual(["scan-2026-01-15T12:LATEUSDT:5m"]);
    expect(await depth("trading-signals.dead")).toBe(1);
  });

  it.each([
    ["no command", []],
    ["an unknown command", ["purge"]],
    ["no id", ["show"]],
    ["an id that is not there", ["show", "nobody"]],
    ["neither ids nor --all", ["retry"]],
    ["both", ["discard", "a", "--all", "--yes"]],
    ["an unknown queue", ["list", "--queue", "orders"]],
    ["a wrong number", ["list", "--limit", "many"]],
  ])("refuses %s with exit code 2 and a silent standard output", async (_, args) => {
    const { code, out, err } = await dlq(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
  });

  it("says in one line what is wrong with the broker, without the password", async () => {
    const port = await freePort();
    for (const [url, code, words] of [
      [`amqp://guest:hunter2@127.0.0.1:${port}`, 1, "ECONNREFUSED"],
      [`amqp://guest:hunter2@127.0.0.1:${broker.port}`, 3, "refuses the user.*ACCESS_REFUSED"],
      [`amqp://guest:guest@127.0.0.1:${broker.port}/elsewhere`, 3, "refuses the virtual host"],
      [`amqp://guest:12#hunter2@127.0.0.1:${broker.port}`, 2, "RABBITMQ_URL: it has a fragment"],
      ["hunter2", 2, "RABBITMQ_URL"],
    ] as const) {
      const ran = await dlq(["list"], null, url);
      expect(ran).toMatchObject({ code, out: "" });
      expect(ran.err).toMatch(new RegExp(`^dlq: .*${words}.*\n$`));
      expect(ran.err).not.toContain("hunter2");
    }
    await channel.deleteQueue("trading-signals.dead");
    const ran = await dlq(["list"]);
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toMatch(/^dlq: queue trading-signals\.dead does not exist at amqp:\/\/127.*\n$/);
  });
});
