import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE } from "#libs/contracts/tables.ts";
import { makeLeaseStore } from "#libs/store/dynamodb/lease-store.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { makePulseStore } from "#libs/store/dynamodb/status/pulse-store.ts";
import { makeSelectionStore } from "#libs/store/dynamodb/status/selection-store.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import type { ServiceName } from "#services/manifests.ts";
import { grantsOf } from "#test/infra/grants-of.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { clientOf, startEmbedded, type TestDynamoDb } from "#test/support/database/dynamodb.ts";
import { ledgerItem } from "#test/support/factories/ledger-items.ts";
import { position } from "#test/support/factories/positions.ts";
import { analyzerPulse, finderPulse, scannerPulse, selectorPulse } from "#test/support/factories/pulses.ts";
import { identity, outcome, SCAN_TIME } from "#test/support/factories/results.ts";
import { selectionContent } from "#test/support/factories/selections.ts";
import { manualClock } from "#test/support/manual-clock.ts";

/** What a service asks of DynamoDB, as a grant says it. */
function recording(client: DynamoDBDocumentClient): Set<string> {
  const used = new Set<string>();
  client.middlewareStack.add(
    (next, context) => (args) => {
      const { TableName, IndexName, RequestItems } = args.input as {
        TableName?: string;
        IndexName?: string;
        RequestItems?: Record<string, unknown>;
      };
      const table = TableName ?? Object.keys(RequestItems ?? {}).join(" and ");
      const action = String(context.commandName)
        .replace(/Command$/, "")
        .replace(/^(Get|Put|Update|BatchGet)$/, "$1Item");
      used.add(`dynamodb:${action} on ${table}${IndexName === undefined ? "" : `/index/${IndexName}`}`);
      return next(args);
    },
    { step: "initialize" },
  );
  return used;
}

let database: TestDynamoDb;
const clients: DynamoDBDocumentClient[] = [];

beforeAll(async () => {
  database = await startEmbedded();
  const client = clientOf(database.endpoint);
  await createTables(client, [RESULTS_TABLE, POSITIONS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE]);
  client.destroy();
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await database.close();
});

function opened() {
  const client = clientOf(database.endpoint);
  clients.push(client);
  const clock = manualClock(SCAN_TIME * 1000);
  const { logger } = capturedLogger();
  return {
    used: recording(client),
    results: makeResultsStore(client, { tableName: RESULTS_TABLE.name, clock, logger }),
    positions: makePositionsStore(client, { tableName: POSITIONS_TABLE.name, clock, logger }),
    ledger: makeLedgerStore(client, { tableName: SIGNALS_TABLE.name, clock, logger }),
    scans: makeScanStore(client, { tableName: SCAN_HISTORY_TABLE.name, clock }),
    leases: makeLeaseStore(client, { tableName: SCAN_HISTORY_TABLE.name, clock }),
    selections: makeSelectionStore(client, { tableName: SCAN_HISTORY_TABLE.name, clock }),
    pulses: makePulseStore(client, { tableName: SCAN_HISTORY_TABLE.name, clock, logger }),
  };
}

function expectGranted(service: ServiceName, used: ReadonlySet<string>): void {
  const granted = grantsOf(service).filter((grant) => grant.startsWith("dynamodb:"));
  expect([...used].sort()).toEqual(granted);
}

const scanId = "scan-2030-06-15T15";
const lease = { scanId, scanTimestamp: SCAN_TIME, scannerId: "one", leaseMs: 1_000 };
const frames = ["1m", "3m"] as const;

describe("what the services' stores do with the tables is what their roles grant, no less and no more", () => {
  it("scanner", async () => {
    const { used, scans, pulses } = opened();
    await scans.acquire(lease);
    await scans.acquire({ ...lease, scannerId: "two" });
    await scans.universe(scanId);
    await scans.recordUniverse(scanId, [], ["BTCUSDT"], frames);
    await scans.markPublished(scanId);
    await pulses.put(scannerPulse());
    expectGranted("scanner", used);
  });

  it("analyzer", async () => {
    const { used, results, scans, pulses } = opened();
    const coin = identity({ scanId });
    await scans.get(scanId);
    await results.record(coin, outcome("1m"), frames, "one");
    await results.record(coin, outcome("1m"), frames, "one");
    await results.record(coin, outcome("3m", { status: "failed", error: "a hole" }), frames, "one");
    await scans.recordTaskEnd(scanId, "BTCUSDT", "1m", "completed");
    await scans.recordTaskEnd(scanId, "BTCUSDT", "1m", "completed");
    await scans.recordTaskEnd(scanId, "BTCUSDT", "3m", "failed");
    await pulses.put(analyzerPulse());
    expectGranted("analyzer", used);
  });

  it("selector", async () => {
    const writer = opened();
    await writer.results.record(identity({ scanId, symbol: "SOLUSDT" }), outcome("1m"), frames, "one");
    const { used, results, scans, leases, selections, pulses } = opened();
    const terms = { lifeSeconds: 60, holdSeconds: 15 };
    await leases.take("selector:1", "one", terms);
    await leases.take("selector:1", "two", terms);
    await leases.giveUp("selector:1", "one", terms);
    await leases.finish("selector:1", "one", terms);
    await results.active();
    await scans.get(scanId);
    await selections.record({ content: selectionContent(), minute: 1, selectorId: "one" });
    await pulses.put(selectorPulse());
    expectGranted("selector", used);
  });

  it("finder", async () => {
    const { used, positions, ledger, pulses } = opened();
    await ledger.record(ledgerItem());
    await ledger.record(ledgerItem());
    await positions.put(position());
    await positions.put(position());
    await positions.put(position({ strategy: "BASIC", timeframe: "30m" }));
    await pulses.put(finderPulse());
    expectGranted("finder", used);
  });

  it("executor", async () => {
    await opened().ledger.record(ledgerItem({ symbol: "EXECUSDT" }));
    const { used, ledger } = opened();
    for (const item of await ledger.open()) {
      await ledger.settle(item, { ...item.outcome, state: "open" });
      await ledger.settle(item, { ...item.outcome, state: "unknown" });
    }
    expectGranted("executor", used);
  });
});
