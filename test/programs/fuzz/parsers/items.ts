import assert from "node:assert/strict";
import { Readable } from "node:stream";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import type { z } from "zod";
import { type PositionItem, positionItemSchema } from "#libs/contracts/position-item.ts";
import { type ResultsItem, resultsItemSchema } from "#libs/contracts/results-item.ts";
import {
  type ScanItem,
  scanItemSchema,
  type UniverseItem,
  universeItemSchema,
} from "#libs/contracts/scan-item.ts";
import { ContractError, toWire } from "#libs/contracts/wire.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { LOCAL_CREDENTIALS, makeDynamoClient } from "#libs/store/dynamodb/requests/client.ts";
import { makeResultsStore } from "#libs/store/dynamodb/results-store.ts";
import { makeScanStore } from "#libs/store/dynamodb/scan-store.ts";
import { StoreError } from "#libs/store/store-error.ts";
import { badText, badValue } from "#test/programs/fuzz/bad-values.ts";
import { type FuzzedParser, fuzzedParser, Refused } from "#test/programs/fuzz/fuzzed-parser.ts";
import { mutated } from "#test/programs/fuzz/mutate.ts";
import { position } from "#test/support/factories/positions.ts";
import { SCAN_TIME, timeframeResult } from "#test/support/factories/results.ts";

const NOW_SECONDS = SCAN_TIME + 60;
const CLOCK: Clock = { nowMs: () => NOW_SECONDS * 1_000 };

const RESULT: ResultsItem = {
  symbol: "BTCUSDT",
  scanTimestamp: SCAN_TIME,
  scanId: "scan-2030-06-15T15",
  volatility24h: 12.34,
  turnover: 987_654_321.12,
  price: 0.00001234,
  priceChange24h: -3.21,
  timeframes: { "1m": timeframeResult(), "5m": timeframeResult() },
  optimalTimeframe: "1m",
  optimalPnl: 120.5,
  optimalWinRate: 56.67,
  btcCorrelation: 0.5,
  trendAnalysis: { trend: "UP", strength: 71.5, change: 2.25 },
  analyzerId: "analyzer-1",
  createdAt: SCAN_TIME * 1_000,
  updatedAt: SCAN_TIME * 1_000,
  version: 2,
  status: "active",
  ttl: SCAN_TIME + 86_400,
};

const SCAN: ScanItem = {
  scanId: "scan-2030-06-15T15",
  scanTimestamp: SCAN_TIME,
  status: "published",
  scannerId: "scanner-1",
  leaseUntil: SCAN_TIME * 1_000 + 60_000,
  universeCount: 500,
  selectedCount: 2,
  selected: ["BTCUSDT", "SOLUSDT"],
  timeframes: ["1m", "5m"],
  totalTasks: 4,
  completedTasks: 1,
  noTradesTasks: 1,
  failedTasks: 0,
  pendingTasks: 2,
  completed: new Set(["BTCUSDT:1m"]),
  noTrades: new Set(["SOLUSDT:5m"]),
  startedAt: SCAN_TIME * 1_000,
  publishedAt: SCAN_TIME * 1_000 + 5_000,
  ttl: SCAN_TIME + 7 * 86_400,
};

const UNIVERSE: UniverseItem = {
  scanId: "scan-2030-06-15T15#universe",
  scanTimestamp: SCAN_TIME,
  universe: [
    {
      symbol: "BTCUSDT",
      volatility24h: 4.2,
      turnover: 1e9,
      price: 97_000.5,
      priceChange24h: -1.25,
      rank: 1,
      taken: true,
    },
    {
      symbol: "BTC-25DEC26",
      volatility24h: null,
      turnover: 0,
      price: 1,
      priceChange24h: 0,
      rank: null,
      taken: false,
      reason: "no",
    },
  ],
  ttl: SCAN_TIME + 7 * 86_400,
};

/** DynamoDB itself refuses items that are nested deeper than 32 levels. */
const DEEPEST = 40;

/** A value as DynamoDB's wire format has it. */
function attribute(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (value === null || value === undefined || depth > DEEPEST) return { NULL: true };
  if (value instanceof Set) return { SS: [...value] };
  if (Array.isArray(value)) return { L: value.map((entry) => attribute(entry, depth + 1)) };
  return {
    M: Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, attribute(entry, depth + 1)])),
  };
}

/** Cut where DynamoDB would not have taken it. */
function shallow(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > 2 * DEEPEST) return null;
  if (Array.isArray(value)) return value.map((entry) => shallow(entry, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shallow(entry, depth + 1)]));
}

/** The same way back, read plainly. */
function plain(given: unknown): unknown {
  const [type, value]: [string, unknown] = Object.entries(Object(given))[0] ?? ["", undefined];
  switch (type) {
    case "N":
      return Number(value);
    case "NULL":
      return null;
    case "SS":
      return new Set(value as readonly string[]);
    case "L":
      return (value as readonly unknown[]).map(plain);
    case "M":
      return Object.fromEntries(Object.entries(Object(value)).map(([key, entry]) => [key, plain(entry)]));
    default:
      return value;
  }
}

/** Types that we do not write but a table can hold, and numbers beyond what a double has. */
const FOREIGN: readonly unknown[] = [
  { N: "9999999999999999999999999999999999999" },
  { N: "1E+125" },
  { N: "-1E-130" },
  { N: "1e9" },
  { N: "NaN" },
  { B: "AAEC" },
  { NS: ["1", "2"] },
  { BS: ["AAEC"] },
  { SS: ["x"] },
  { SS: [] },
  { L: [] },
  { M: {} },
  { NULL: true },
  { BOOL: false },
  { S: "" },
];

function items(item: Record<string, unknown>): fc.Arbitrary<unknown> {
  const ofValues = mutated(fc.constant(item)).map((value) => Object(attribute(value)).M ?? {});
  const ofAttributes = mutated(fc.constant(Object(attribute(item)).M)).map((fields) => shallow(fields));
  const withForeign = fc
    .tuple(fc.constantFrom(...Object.keys(item)), fc.constantFrom(...FOREIGN))
    .map(([key, value]) => ({ ...Object(attribute(item)).M, [key]: value }));
  return fc.oneof(
    { arbitrary: ofValues, weight: 6 },
    { arbitrary: withForeign, weight: 3 },
    { arbitrary: ofAttributes, weight: 2 },
    { arbitrary: badValue.map((value) => shallow(value)), weight: 1 },
    {
      arbitrary: fc.dictionary(
        badText,
        badText.map((text) => attribute(text)),
        { maxKeys: 3 },
      ),
      weight: 1,
    },
  );
}

/** The real client with the real decoder, whose endpoint answers what it is told. */
function answeringClient(): {
  readonly client: DynamoDBDocumentClient;
  readonly answer: (body: unknown, status?: number) => void;
} {
  const client = makeDynamoClient({
    region: "eu-west-1",
    endpoint: "http://127.0.0.1:1",
    credentials: LOCAL_CREDENTIALS,
    maxAttempts: 1,
  });
  let reply = { status: 200, text: "{}" };
  client.config.requestHandler = {
    async handle() {
      const { status, text } = reply;
      return {
        response: {
          statusCode: status,
          headers: { "content-type": "application/x-amz-json-1.0" },
          body: Readable.from([Buffer.from(text)]),
        },
      };
    },
  } as unknown as typeof client.config.requestHandler;
  return {
    client,
    answer(body, status = 200) {
      reply = { status, text: JSON.stringify(body) };
    },
  };
}

type Store = {
  readonly client: DynamoDBDocumentClient;
  readonly logger: { warn(fields: object): void };
};

interface Read<T> {
  readonly item: object;
  readonly schema: z.ZodType<T>;
  /** How the endpoint wraps the item. */
  readonly reply: (item: unknown) => object;
  readonly read: (store: Store) => Promise<T | null | undefined>;
}

/** What is read of an item is what stands in it; what is skipped or refused says so in a line. */
function itemParser<T>(name: string, { item, schema, reply, read }: Read<T>): FuzzedParser {
  return fuzzedParser<unknown, T | null | undefined>(`item ${name}`, () => {
    const { client, answer } = answeringClient();
    const wire = toWire(schema, item as T, name);
    return {
      inputs: items(wire),
      async read(given) {
        let skipped: string | undefined;
        answer(reply(given));
        const logger = {
          warn(fields: object) {
            skipped = String(Object(fields).reason);
          },
        };
        const value = await read({ client, logger });
        if (skipped !== undefined) throw new Refused(skipped);
        return value;
      },
      refusals: [ContractError, StoreError, Refused],
      verify(given, value) {
        if (value === null || value === undefined) return;
        const fields = plain({ M: given });
        for (const [key, entry] of Object.entries(toWire(schema, value, name)))
          assertSame(Object(fields)[key], entry, key);
      },
      names: () => [...Object.keys(wire), "value:", "reading", "acquiring", "nested deeper", "twice"],
      close: async () => client.destroy(),
    };
  });
}

/** Fields that we know; what a foreign item has beside them is not looked at. */
function assertSame(given: unknown, ours: unknown, where: string): void {
  if (ours instanceof Set || typeof ours !== "object" || ours === null) {
    // A zero with a sign is a zero.
    assert.deepEqual(given === 0 ? 0 : given, ours === 0 ? 0 : ours, where);
    return;
  }
  for (const [key, entry] of Object.entries(ours)) {
    // A strategy's name is data: one that looks like a name of ours comes back in the other style.
    const written = Object.hasOwn(Object(given), key)
      ? key
      : key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    assertSame(Object(given)[written], entry, `${where}.${key}`);
  }
}

const parts = ({ client, logger }: Store) => ({
  client,
  dependencies: { tableName: "t", clock: CLOCK, logger },
});
const results = (store: Store) => makeResultsStore(parts(store).client, parts(store).dependencies);
const scans = (store: Store) => makeScanStore(parts(store).client, parts(store).dependencies);
const positions = (store: Store) => makePositionsStore(parts(store).client, parts(store).dependencies);
const asItem = (given: unknown) => ({ Item: given });
const asList = (given: unknown) => ({ Items: [given], Count: 1 });
/** To a query that finds it, and to the look at the whole of what was found. */
const asListed = (given: unknown) => ({ ...asList(given), Responses: { t: [given] } });
const oneResult = { item: RESULT, schema: resultsItemSchema };
const oneScan = { item: SCAN, schema: scanItemSchema };

export const ITEM_PARSERS: readonly FuzzedParser[] = [
  itemParser("of results, by key", {
    ...oneResult,
    reply: asItem,
    read: (store) => results(store).get("BTCUSDT", SCAN_TIME),
  }),
  itemParser("of results, active", {
    ...oneResult,
    reply: asListed,
    read: async (store) => (await results(store).active())[0],
  }),
  itemParser("of positions, active", {
    item: position(),
    schema: positionItemSchema,
    reply: asList,
    read: async (store): Promise<PositionItem | undefined> => (await positions(store).active())[0],
  }),
  itemParser("of scans", { ...oneScan, reply: asItem, read: (store) => scans(store).get(SCAN.scanId) }),
  itemParser("of scans, the universe", {
    item: UNIVERSE,
    schema: universeItemSchema.pick({ universe: true }),
    reply: asItem,
    async read(store) {
      const universe = await scans(store).universe(SCAN.scanId);
      return universe === null ? null : { universe: [...universe] };
    },
  }),
];
