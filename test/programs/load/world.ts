import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { build } from "esbuild";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { MessageQueue } from "#libs/queue/queue.ts";
import { connectRabbitMq } from "#libs/queue/rabbitmq/connect.ts";
import type { ServiceScope } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import type { ServiceName } from "#services/manifests.ts";
import { type PrivateBroker, startPrivateBroker } from "#test/support/broker/private-broker.ts";
import { clientOf, secondDynamoDb, startEmbedded, TEST_REGION } from "#test/support/database/dynamodb.ts";
import { eventually } from "#test/support/eventually.ts";
import { startProgram } from "#test/support/process/program.ts";
import { type LoadProcess, startLoadProcess } from "./load-process.ts";
import type { SharedTime } from "./protocol.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface WorldOptions {
  readonly startMs: number;
  readonly analyzers: number;
  readonly finders: number;
  /** Variables of the services beyond addresses. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The whole system as it is deployed, on this machine: bundles as processes, a broker, a database, an exchange. */
export interface World {
  readonly broker: PrivateBroker;
  readonly queue: MessageQueue;
  readonly dynamo: DynamoDBDocumentClient;
  readonly databaseName: string;
  /** Logs of all processes; removed at the end. */
  readonly folder: string;
  readonly exchange: LoadProcess;
  /** The processes of the services that run; scanner and selector from `startSchedules` on. */
  services(): readonly LoadProcess[];
  /** Starts scanner and selector, whose first run is at once. */
  startSchedules(): void;
  /** Sets the clock of all but the scanner. The selector's run of that minute begins. */
  skipTo(simulatedMs: number): Promise<void>;
  /** Sets the scanner's clock too: the run of its hour begins. */
  startScan(): Promise<void>;
}

/** What the image sets, but for what a build gives it. */
function imageEnvironment(service: ServiceName): Record<string, string> {
  const dockerfile = readFileSync(join(ROOT, `Dockerfile.${service}`), "utf8");
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
  const variables = [...lastStage.matchAll(/^ENV (.+)$/gm)].flatMap(([, line = ""]) => [
    ...line.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g),
  ]);
  return Object.fromEntries(
    variables.flatMap(([, name = "", quoted, plain]) => {
      const value = quoted ?? plain ?? "";
      return value.startsWith("$") ? [] : [[name, value]];
    }),
  );
}

async function buildBundles(folder: string): Promise<string> {
  const bundles = startProgram("infra/build/bundle.ts", ["--out", folder]);
  if ((await bundles.exited) !== 0) throw new Error(`the bundles could not be built:\n${bundles.stderr()}`);
  const preload = join(folder, "preload.mjs");
  await build({
    entryPoints: [join(ROOT, "test/programs/load/preload.ts")],
    outfile: preload,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
  return preload;
}

export async function startWorld(scope: Pick<ServiceScope, "own">, options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "crypto-backtest-load-"));
  scope.own(folder, (path) => rm(path, { recursive: true, force: true }));
  const startDatabase = secondDynamoDb();
  const [preload, broker, database] = await Promise.all([
    buildBundles(folder),
    startPrivateBroker(),
    (startDatabase ?? startEmbedded)(),
  ]);
  scope.own(database, (it) => it.close());
  scope.own(broker, (it) => it.dispose());
  const dynamo = scope.own(clientOf(database.endpoint), (client) => client.destroy());
  await createTables(dynamo);
  const logger = makeLogger({ service: "load", level: "warn", format: "json", fd: 2 });
  const queue = scope.own(await connectRabbitMq({ url: broker.url, logger }), (it) => it.close());

  let time = timeFrom(options.startMs);
  function start(
    name: string,
    program: string,
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): LoadProcess {
    const started = startLoadProcess({
      name,
      bundle: join(folder, `${program}.mjs`),
      args,
      preload,
      environment,
      time,
      logFolder: folder,
    });
    return scope.own(started, async (it) => {
      it.kill("SIGKILL");
      await it.exited;
    });
  }

  // Without --from and --speed it shows the time of day, which is the clock of the run.
  const exchange = start("exchange", "simulator", {}, ["--port", "0"]);
  const said: string[] = [];
  const url = await eventually("the exchange simulator listens", () => {
    said.push(...exchange.log.read());
    return /exchange simulator at (\S+)/.exec(said.join("\n"))?.[1];
  });
  const environment = {
    AWS_ENDPOINT_URL: database.endpoint,
    AWS_REGION: TEST_REGION,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    RABBITMQ_URL: broker.url,
    BYBIT_BASE_URL: url,
    ...options.settings,
  };
  const service = (name: ServiceName, label: string, extra: Readonly<Record<string, string>> = {}) =>
    start(label, name, {
      ...imageEnvironment(name),
      ...environment,
      ...extra,
    });
  const several = (name: ServiceName, count: number) =>
    Array.from({ length: count }, (_, i) => service(name, `${name} ${i + 1}`));
  const analyzers = several("analyzer", options.analyzers);
  const finders = several("finder", options.finders);
  await Promise.all([
    ...[...analyzers, ...finders].map((worker) => untilSays(worker, /"msg":"waiting for (tasks|signals)"/)),
  ]);
  const schedules: Record<"scanner" | "selector", LoadProcess | null> = { scanner: null, selector: null };

  return {
    broker,
    queue,
    dynamo,
    databaseName: startDatabase === null ? "dynalite" : "DynamoDB Local",
    folder,
    exchange,
    services: () =>
      [schedules.scanner, ...analyzers, schedules.selector, ...finders].filter((it) => it !== null),
    startSchedules() {
      schedules.scanner = service("scanner", "scanner", { RUN_EVERY_SECONDS: "3600" });
      schedules.selector = service("selector", "selector", { RUN_EVERY_SECONDS: "60" });
    },
    async skipTo(simulatedMs) {
      time = timeFrom(simulatedMs);
      await Promise.all([exchange, ...analyzers, ...finders].map((it) => it.setTime(time)));
      await schedules.selector?.setTime(time);
    },
    async startScan() {
      await schedules.scanner?.setTime(time);
    },
  };
}

/** From now on; it stops before the next minute, so that no work begins or expires while this minute's goes on. */
function timeFrom(simulatedMs: number): SharedTime {
  const untilMs = Math.floor(simulatedMs / MINUTE_MS + 1) * MINUTE_MS - 1;
  return { simulatedMs, monotonicNs: String(process.hrtime.bigint()), untilMs };
}

async function untilSays(worker: LoadProcess, line: RegExp): Promise<void> {
  await eventually(
    `${worker.name} is ready, see ${worker.logFile}`,
    () => worker.log.read().some((it) => line.test(it)),
    {
      timeoutMs: 60_000,
    },
  );
}
