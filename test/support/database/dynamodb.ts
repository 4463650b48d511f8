import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { processEnvironment } from "#libs/config/environment.ts";
import {
  POSITIONS_TABLE,
  RESULTS_TABLE,
  SCAN_HISTORY_TABLE,
  SIGNALS_TABLE,
  type TableDefinition,
} from "#libs/contracts/tables.ts";
import {
  type DynamoClientOptions,
  LOCAL_CREDENTIALS,
  makeDynamoClient,
} from "#libs/store/dynamodb/requests/client.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import { startEmbeddedDynamoDb } from "#libs/store/embedded/embedded-dynamodb.ts";

/** A running DynamoDB for a test file. */
export interface TestDynamoDb {
  readonly endpoint: string;
  close(): Promise<void>;
}

export const TEST_REGION = "ap-northeast-2";

export const startEmbedded = (): Promise<TestDynamoDb> => startEmbeddedDynamoDb();

/** A client with any credentials; `options` as of `makeDynamoClient`. */
export function clientOf(
  endpoint: string,
  options: Pick<DynamoClientOptions, "maxAttempts" | "requestTimeoutMs" | "logger"> = {},
): DynamoDBDocumentClient {
  return makeDynamoClient({ region: TEST_REGION, endpoint, credentials: LOCAL_CREDENTIALS, ...options });
}

export interface TestTables {
  readonly results: TableDefinition;
  readonly positions: TableDefinition;
  readonly scans: TableDefinition;
  readonly signals: TableDefinition;
}

/** All tables under names of their own, so that each test starts from nothing. */
export async function freshTables(client: DynamoDBDocumentClient): Promise<TestTables> {
  const suffix = randomUUID().slice(0, 8);
  const named = (table: TableDefinition) => ({ ...table, name: `${table.name}-${suffix}` });
  const tables = {
    results: named(RESULTS_TABLE),
    positions: named(POSITIONS_TABLE),
    scans: named(SCAN_HISTORY_TABLE),
    signals: named(SIGNALS_TABLE),
  };
  await createTables(client, Object.values(tables));
  return tables;
}

const DYNAMODB_LOCAL = join(
  processEnvironment().XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "crypto-backtest/dynamodb-local/2.6.1",
);

/**
 * How to start the second implementation, Amazon's own DynamoDB Local: SECOND_DYNAMODB_URL names a running one,
 * else what `.ci/second-dynamodb` has installed. Null when there is none; with CI=true that is an error.
 */
export function secondDynamoDb(): (() => Promise<TestDynamoDb>) | null {
  const { SECOND_DYNAMODB_URL: url, CI } = processEnvironment();
  if (url !== undefined && url !== "") return async () => ({ endpoint: url, close: async () => {} });
  if (existsSync(join(DYNAMODB_LOCAL, "complete"))) return startDynamoDbLocal;
  if (CI === "true") {
    throw new Error(
      "the second DynamoDB is missing: run .ci/second-dynamodb, or set SECOND_DYNAMODB_URL to a running one",
    );
  }
  return null;
}

async function startDynamoDbLocal(): Promise<TestDynamoDb> {
  const lib = join(DYNAMODB_LOCAL, "lib");
  const java = spawn(
    "java",
    [
      "-Xmx512m",
      `-Djava.library.path=${lib}`,
      "-cp",
      `${join(DYNAMODB_LOCAL, "classes")}:${lib}/*`,
      "LoopbackDynamoDb",
      "-inMemory",
      "-disableTelemetry",
    ],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  const said: string[] = [];
  java.stderr.on("data", (chunk) => said.push(String(chunk)));
  const port = await portOf(java, said);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        if (java.exitCode !== null || java.signalCode !== null) return resolve();
        java.once("exit", () => resolve());
        java.kill("SIGKILL");
      }),
  };
}

function portOf(java: ChildProcess, said: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    java.once("error", reject);
    java.once("exit", (code) =>
      reject(new Error(`DynamoDB Local ended with ${code}: ${said.join("").slice(-2_000)}`)),
    );
    if (java.stdout === null) return reject(new Error("DynamoDB Local has no standard output"));
    createInterface({ input: java.stdout }).on("line", (line) => {
      said.push(`${line}\n`);
      const port = /^listening on (\d+)$/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
