import { createServer } from "node:net";
import { QueryCommand } from "@aws-sdk/lib-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import { POSITIONS_TABLE, RESULTS_TABLE } from "#libs/contracts/tables.ts";
import { systemClock } from "#libs/runtime/clock.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import { syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";
import { eventually } from "#test/support/eventually.ts";
import { type Program, startNpm, startProgram } from "#test/support/process/program.ts";

const MAIN = "services/local/main.ts";
/** Small, and with filters that let every strategy through that has traded. */
const SMALL = {
  TOP_N_COINS: "2",
  TIMEFRAMES: "15m,30m",
  BACKTEST_DAYS: "15m:20,30m:20",
  MIN_WIN_RATE: "0",
  MIN_PNL: "-100000",
  MIN_TRADES: "1",
};

describe("npm start", () => {
  const running: Program[] = [];
  const start = (args: readonly string[], environment: Record<string, string> = {}) => {
    const program = startProgram(MAIN, args, { ...SMALL, ...environment });
    running.push(program);
    return program;
  };
  afterEach(async () => {
    for (const program of running) program.kill("SIGKILL");
    await Promise.all(running.splice(0).map((program) => program.exited));
  });

  /** Until it waits for its next minute: the address of its database. */
  async function untilReady(program: Program): Promise<string> {
    return eventually(
      "it says where its database is",
      () => /"endpoint":"(http:[^"]+)"/.exec(program.stderr() + program.stdout())?.[1],
      { timeoutMs: 30_000 },
    );
  }

  it("prints exactly one JSON object with --once --json, and exits with 0", async () => {
    const program = startNpm(["start", "--silent", "--", "--once", "--json"], SMALL);
    running.push(program);
    expect(await program.exited, program.stderr()).toBe(0);
    const summary: unknown = JSON.parse(program.stdout());
    expect(summary).toMatchObject({
      market: "synthetic",
      simulated: true,
      selected: 2,
      tasks: { published: 4, finished: 4, pending: 0, failed: 0 },
      clock: expect.stringMatching(/^20\d\d-\d\d-\d\dT/),
      durations: { total_ms: expect.any(Number) },
    });
  }, 60_000);

  it("does the same cycle again with the same seed, and another one with another", async () => {
    const cycles = ["11", "11", "12"].map((seed) => start(["--once", "--json", "--seed", seed]));
    for (const program of cycles) expect(await program.exited, program.stderr()).toBe(0);
    const [first, second, third] = cycles.map((program) => {
      const summary: unknown = JSON.parse(program.stdout());
      expect(summary).toHaveProperty("durations");
      return { ...(typeof summary === "object" ? summary : {}), durations: null };
    });
    expect(second).toEqual(first);
    expect(third).not.toEqual(first);
  }, 60_000);

  it.each([
    [["--market", "binance"], {}, /--market.*binance/],
    [["--json"], {}, /--json/],
    [["--once"], { TOP_N_COINS: "many", MIN_TRADES: "-1" }, /TOP_N_COINS.*many.*MIN_TRADES.*-1/],
  ])(
    "exits with 2 and one line when %j %j is wrong, with nothing on standard output",
    async (args, environment, complaint) => {
      const program = start(args, environment);
      expect(await program.exited).toBe(2);
      expect(program.stdout()).toBe("");
      expect(program.stderr()).toMatch(complaint);
      expect(program.stderr().trimEnd().split("\n")).toHaveLength(1);
    },
    30_000,
  );

  it("exits with 1 and one line that names the port when the port is in use", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    try {
      const program = start(["--once", "--json", "--port", String(address.port)], { LOG_LEVEL: "error" });
      expect(await program.exited).toBe(1);
      expect(program.stdout()).toBe("");
      const lines = program.stderr().trimEnd().split("\n");
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`cannot listen on 127.0.0.1:${address.port}`);
    } finally {
      server.close();
    }
  }, 30_000);

  it("exits with 2 when a recording cannot be read, and never falls back to another market", async () => {
    const program = start(["--once", "--json", "--market", "replay", "--data", "/nowhere"]);
    expect(await program.exited).toBe(2);
    expect(program.stdout()).toBe("");
    expect(program.stderr()).toContain("/nowhere");
    expect(program.stderr()).not.toContain("simulated");
  }, 30_000);

  it("exits with 1 and one line when the exchange refuses, with nothing on standard output", async () => {
    const simulator = await startExchangeSimulator({
      source: syntheticExchange(),
      clock: systemClock,
      faults: { faults: [{ kind: "banned", path: "/tickers" }] },
    });
    try {
      const program = start(["--once", "--json", "--market", "bybit"], {
        BYBIT_BASE_URL: simulator.url,
        LOG_LEVEL: "fatal",
      });
      expect(await program.exited).toBe(1);
      expect(program.stdout()).toBe("");
      const lines = program.stderr().trimEnd().split("\n");
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/403.*access too frequent/);
    } finally {
      await simulator.close();
    }
  }, 30_000);

  it("answers queries while it runs, and exits with 0 soon after SIGTERM", async () => {
    const program = start(["--from", "2026-01-15T12:00:30Z", "--port", "0"]);
    const client = clientOf(await untilReady(program));
    const query = (TableName: string) =>
      client.send(
        new QueryCommand({
          TableName,
          IndexName: "StatusIndex",
          KeyConditionExpression: "#status = :active",
          ExpressionAttributeNames: { "#status": "status" },
          ExpressionAttributeValues: { ":active": "active" },
          ScanIndexForward: false,
          Limit: 10,
        }),
      );
    try {
      const { Items } = await eventually("a result is there", async () => {
        const answer = await query(RESULTS_TABLE.name);
        return (answer.Count ?? 0) > 0 && answer;
      });
      expect(Items?.[0]).toMatchObject({ status: "active", scan_id: "scan-2026-01-15T12" });
      expect((await query(POSITIONS_TABLE.name)).Items).toBeInstanceOf(Array);
    } finally {
      client.destroy();
    }
    program.kill("SIGTERM");
    expect(await program.exited, program.stderr()).toBe(0);
  }, 60_000);

  it("ends with 1 and no summary when it is stopped in the middle of its backtests", async () => {
    const program = start(["--once", "--json"], {
      TOP_N_COINS: "30",
      TIMEFRAMES: "1m,3m,5m",
      BACKTEST_DAYS: "1m:60,3m:60,5m:60",
    });
    await eventually("it has backtested something", () => program.stderr().includes("backtest stored"), {
      timeoutMs: 30_000,
    });
    program.kill("SIGTERM");
    expect(await program.exited, program.stderr()).toBe(1);
    expect(program.stdout()).toBe("");
  }, 60_000);
});
