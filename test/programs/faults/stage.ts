import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { QUEUES } from "#libs/contracts/queues.ts";
import { declarationsOf, PARKING_LEVELS_MS } from "#libs/queue/rabbitmq/topology.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { type ExchangeSimulator, startExchangeSimulator } from "#libs/simulator/server.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from "#libs/store/embedded/embedded-dynamodb.ts";
import { type PrivateBroker, startPrivateBroker } from "#test/support/broker/private-broker.ts";
import { startTcpProxy, type TcpProxy } from "#test/support/broker/tcp-proxy.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";
import { type FaultyDynamoDb, startFaultyDynamoDb } from "#test/support/database/faulty-dynamodb.ts";
import { ANALYZERS, FINDERS, SCANNERS, SELECTORS, type WorkerName } from "./faults.ts";
import { HEARTBEAT_SECONDS, SECRETS, START_MS } from "./settings.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const VHOST = "faults";
const USER = "faults";
const WORKERS: readonly WorkerName[] = [...SCANNERS, ...ANALYZERS, ...SELECTORS, ...FINDERS];

/** All queues that the services declare. */
export const QUEUE_NAMES: readonly string[] = QUEUES.flatMap((queue) =>
  declarationsOf(queue, PARKING_LEVELS_MS).map(({ name }) => name),
);

/** The services as one file each, as the images hold them, in a folder of this run. */
export async function buildPrograms(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "faults-"));
  const build = ["--import", "tsx", "infra/build/bundle.ts", "--out", folder];
  await promisify(execFile)(process.execPath, build, { cwd: ROOT });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What a run of the services stands on; runs that follow each other share it, and each cleans up after itself. */
export interface Stage {
  readonly broker: PrivateBroker;
  /** As the workers' user, past the proxies. */
  readonly brokerUrl: string;
  readonly vhost: string;
  readonly simulator: ExchangeSimulator;
  /** Past the proxy. */
  readonly dynamo: DynamoDBDocumentClient;
  readonly database: FaultyDynamoDb;
  /** Each worker has its own way to the broker and to the database. */
  readonly network: ReadonlyMap<
    WorkerName,
    { readonly proxy: TcpProxy; readonly brokerUrl: string; readonly endpoint: string }
  >;
  close(): Promise<void>;
}

export async function openStage(source: ExchangeSource): Promise<Stage> {
  const releases: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const release of releases.reverse()) await release();
    releases.length = 0;
  };
  try {
    const broker = await startPrivateBroker({ heartbeatSeconds: HEARTBEAT_SECONDS });
    releases.push(() => broker.dispose());
    await broker.ctl("add_vhost", VHOST);
    await broker.ctl("add_user", USER, SECRETS.brokerPassword);
    await broker.ctl("set_permissions", "-p", VHOST, USER, ".*", ".*", ".*");
    const simulator = await startExchangeSimulator({ source, clock: simulatedClock(START_MS, 0) });
    releases.push(() => simulator.close());
    const embedded: EmbeddedDynamoDb = await startEmbeddedDynamoDb();
    releases.push(() => embedded.close());
    const dynamo = clientOf(embedded.endpoint);
    releases.push(async () => dynamo.destroy());
    const database = await startFaultyDynamoDb(embedded.endpoint);
    releases.push(() => database.close());
    const urlAt = (port: number) =>
      `amqp://${USER}:${encodeURIComponent(SECRETS.brokerPassword)}@127.0.0.1:${port}/${VHOST}`;
    const network = new Map<WorkerName, { proxy: TcpProxy; brokerUrl: string; endpoint: string }>();
    for (const worker of WORKERS) {
      const proxy = await startTcpProxy(broker.port);
      releases.push(() => proxy.close());
      network.set(worker, {
        proxy,
        brokerUrl: urlAt(proxy.port),
        endpoint: await database.openDoor(worker),
      });
    }
    return {
      broker,
      brokerUrl: urlAt(broker.port),
      vhost: VHOST,
      simulator,
      dynamo,
      database,
      network,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Names of one run's tables. */
export function tableNames() {
  const suffix = randomUUID().slice(0, 8);
  return {
    results: `results-${suffix}`,
    positions: `positions-${suffix}`,
    scans: `scans-${suffix}`,
    signals: `signals-${suffix}`,
  };
}
