import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { paginateQuery, paginateScan } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POSITIONS_TABLE, RESULTS_TABLE } from "#libs/contracts/tables.ts";
import { LOCAL_CREDENTIALS, makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { eventually } from "#test/support/eventually.ts";
import { freePort } from "#test/support/process/free-port.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MINUTES = 60_000;

/**
 * Builds the images and runs the compose file with the exchange simulator. It takes minutes and a Docker engine,
 * so it runs only when it is asked to: TEST_COMPOSE=1 npx vitest run test/integration/compose.test.ts
 */
const asked = process.env.TEST_COMPOSE === "1" && hasDocker();
if (process.env.TEST_COMPOSE === "1" && !asked) {
  process.stderr.write("skipped: TEST_COMPOSE=1, but there is no Docker engine with compose here\n");
}

function hasDocker(): boolean {
  try {
    execFileSync("docker", ["info"], { stdio: "ignore" });
    execFileSync("docker", ["compose", "version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!asked)("the compose file with the exchange simulator", () => {
  let environment: NodeJS.ProcessEnv;
  let dynamo: ReturnType<typeof makeDynamoClient>;

  async function compose(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("docker", ["compose", "--profile", "demo", ...args], {
      cwd: ROOT,
      env: environment,
      maxBuffer: 64e6,
    });
    return stdout;
  }

  async function endsOfTasks(): Promise<string[]> {
    const ends: string[] = [];
    for await (const page of paginateScan({ client: dynamo }, { TableName: RESULTS_TABLE.name })) {
      for (const item of page.Items ?? []) {
        const timeframes: Record<string, { status: string }> = item.timeframes ?? {};
        ends.push(...Object.values(timeframes).map(({ status }) => status));
      }
    }
    return ends;
  }

  async function activePositions(): Promise<number> {
    let count = 0;
    const query = {
      TableName: POSITIONS_TABLE.name,
      IndexName: "StatusIndex",
      KeyConditionExpression: "#status = :active",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":active": "active" },
      ScanIndexForward: false,
    };
    for await (const page of paginateQuery({ client: dynamo }, query)) count += page.Items?.length ?? 0;
    return count;
  }

  beforeAll(async () => {
    const [localstack, rabbitmq, console] = [await freePort(), await freePort(), await freePort()];
    environment = {
      ...process.env,
      COMPOSE_PROJECT_NAME: "crypto-backtest-test",
      LOCALSTACK_PORT: String(localstack),
      RABBITMQ_PUBLISHED_PORT: String(rabbitmq),
      RABBITMQ_CONSOLE_PORT: String(console),
      // Every strategy is followed, so that a position is found within a minute or two.
      MIN_WIN_RATE: "0",
      MIN_PNL: "-1000000",
      MIN_TRADES: "1",
      // One write at a time: some emulators check a condition and write in two steps, and lose one write of two.
      PREFETCH_COUNT: "1",
    };
    dynamo = makeDynamoClient({
      region: "ap-northeast-2",
      endpoint: `http://127.0.0.1:${localstack}`,
      credentials: LOCAL_CREDENTIALS,
    });
    await compose("up", "--build", "--wait", "--quiet-pull");
  }, 15 * MINUTES);

  afterAll(async () => {
    dynamo.destroy();
    await compose("down", "--volumes", "--timeout", "10");
  }, 2 * MINUTES);

  it(
    "loses no backtest when an analyzer is killed in the middle",
    async () => {
      await eventually("a fifth of the backtests", async () => (await endsOfTasks()).length >= 30, {
        timeoutMs: 5 * MINUTES,
        everyMs: 250,
      });
      await compose("kill", "--signal", "SIGKILL", "analyzer");
      expect((await endsOfTasks()).length).toBeLessThan(150);
      await compose("up", "--detach", "--no-deps", "analyzer");
      await eventually("all backtests", async () => (await endsOfTasks()).length === 150, {
        timeoutMs: 10 * MINUTES,
        everyMs: 1_000,
      });
      expect((await endsOfTasks()).filter((end) => end !== "completed" && end !== "no_trades")).toEqual([]);
      // The last message is acknowledged after its result is stored.
      const queues = await eventually("an empty queue", async () => {
        const listed = await compose("exec", "--no-TTY", "rabbitmq", "rabbitmqctl", "-q", "list_queues");
        return /^backtest-tasks\t0$/m.test(listed) && listed;
      });
      expect(queues).toMatch(/^backtest-tasks\.dead\t0$/m);
    },
    15 * MINUTES,
  );

  it(
    "finds positions",
    async () => {
      await eventually("a position", activePositions, { timeoutMs: 10 * MINUTES, everyMs: 1_000 });
    },
    11 * MINUTES,
  );

  it(
    "ends every service with 0 when it is told to stop",
    async () => {
      const services = ["scanner", "analyzer", "selector", "finder"];
      await compose("stop", ...services);
      const states = await compose("ps", "--all", "--format", "{{.Service}} {{.ExitCode}}", ...services);
      expect(states.trim().split("\n").sort()).toEqual(services.map((service) => `${service} 0`).sort());
    },
    3 * MINUTES,
  );
});
