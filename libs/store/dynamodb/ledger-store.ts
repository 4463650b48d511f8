import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type QueryCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import {
  type LedgerItem,
  type LedgerKey,
  type LedgerOutcome,
  ledgerDay,
  ledgerItemSchema,
  outcomeSchema,
  type Parity,
  paritySchema,
  UNSETTLED_STATES,
} from "#libs/contracts/ledger-item.ts";
import { fromWire, toWire } from "#libs/contracts/wire.ts";
import type { LedgerStore, RecordSignalOutcome, SignalQuery } from "../ledger-store.ts";
import { StoreError } from "../store-error.ts";
import { roundedPosition } from "./positions-store.ts";
import { allOf, attributeNames } from "./requests/expression.ts";
import {
  isAlive,
  nowSeconds,
  parseOrSkip,
  queryPages,
  type RawItem,
  type StoreDependencies,
} from "./requests/reading.ts";
import { send, sendIf } from "./requests/sending.ts";
import { twoDecimals, twoDecimalsOrNull } from "./two-decimals.ts";

const KEY = ["day", "signal_key"] as const;
/** A year has hundreds of them, most of them empty in a new system. */
const DAYS_AT_ONCE = 16;

/** Money and percentages as the position has them; an outcome keeps its digits, to be compared with a backtest. */
function rounded(item: LedgerItem): LedgerItem {
  const { evidence } = item;
  return {
    ...item,
    position: roundedPosition(item.position),
    evidence: {
      ...evidence,
      winRate: twoDecimals(evidence.winRate),
      totalPnl: twoDecimals(evidence.totalPnl),
      confidenceAvg: twoDecimalsOrNull(evidence.confidenceAvg),
    },
  };
}

export function makeLedgerStore(
  client: DynamoDBDocumentClient,
  { tableName, clock, logger }: StoreDependencies,
): LedgerStore {
  const keyOf = ({ day, signalKey }: LedgerKey) => ({ day, signal_key: signalKey });

  async function read(key: LedgerKey): Promise<RawItem | null> {
    const { Item } = await send(`reading the signal ${key.signalKey}`, () =>
      client.send(new GetCommand({ TableName: tableName, Key: keyOf(key), ConsistentRead: true })),
    );
    return Item ?? null;
  }

  /** The holder's position never changes, so reading it after the refused put gives the same as reading it then. */
  async function holderOf(item: LedgerItem): Promise<RecordSignalOutcome> {
    const raw = await read(item);
    if (raw === null) {
      throw new StoreError(`the signal ${item.signalKey} disappeared while it was written: try again`);
    }
    const { position } = fromWire(ledgerItemSchema, raw, "signal item");
    return position.strategy === item.position.strategy && position.timeframe === item.position.timeframe
      ? { kind: "repeated", position }
      : { kind: "taken", by: `${position.timeframe} ${position.strategy}` };
  }

  /** All live items of a query that parse. */
  async function found(doing: string, input: Omit<QueryCommandInput, "TableName">): Promise<LedgerItem[]> {
    const now = nowSeconds(clock);
    const items: LedgerItem[] = [];
    for await (const page of queryPages(client, doing, { TableName: tableName, ...input })) {
      for (const raw of page) {
        if (!isAlive(raw, now)) continue;
        const item = parseOrSkip(ledgerItemSchema, raw, "signal item", KEY, logger);
        if (item !== null) items.push(item);
      }
    }
    return items;
  }

  async function ofDays({ fromSeconds, toSeconds }: SignalQuery): Promise<LedgerItem[]> {
    const days: string[] = [];
    const firstMs = Math.floor((fromSeconds * 1_000) / DAY_MS) * DAY_MS;
    for (let ms = firstMs; ms <= toSeconds * 1_000; ms += DAY_MS) days.push(ledgerDay(ms));
    const ofDay = (day: string) =>
      found(`reading the signals of ${day}`, {
        KeyConditionExpression: "#day = :day AND #signal_key BETWEEN :from AND :to",
        ExpressionAttributeNames: attributeNames("day", "signal_key"),
        ExpressionAttributeValues: {
          ":day": day,
          ":from": String(fromSeconds).padStart(10, "0"),
          // A key of this second is longer, and so behind it: the second before is the last.
          ":to": String(toSeconds + 1).padStart(10, "0"),
        },
      });
    const items: LedgerItem[] = [];
    for (let from = 0; from < days.length; from += DAYS_AT_ONCE) {
      items.push(...(await Promise.all(days.slice(from, from + DAYS_AT_ONCE).map(ofDay))).flat());
    }
    return items;
  }

  return {
    async record(item) {
      if (clock.nowMs() > item.position.ttl * 1_000) return { kind: "expired" };
      const wire = toWire(ledgerItemSchema, rounded(item), "signal item");
      const written = await sendIf(`recording the signal ${item.position.signalId}`, () =>
        client.send(
          new PutCommand({
            TableName: tableName,
            Item: wire,
            ConditionExpression: "attribute_not_exists(#day)",
            ExpressionAttributeNames: attributeNames("day"),
          }),
        ),
      );
      return written.kind === "done" ? { kind: "recorded" } : holderOf(item);
    },

    open: () =>
      found("reading open signals", {
        IndexName: "OpenIndex",
        KeyConditionExpression: "#open = :open",
        ExpressionAttributeNames: attributeNames("open"),
        ExpressionAttributeValues: { ":open": "open" },
      }),

    async settle(key, outcome: LedgerOutcome) {
      const isSettled = !UNSETTLED_STATES.includes(outcome.state);
      const written = await sendIf(`storing the outcome of ${key.signalKey}`, () =>
        client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: keyOf(key),
            UpdateExpression: `SET #outcome = :outcome${isSettled ? " REMOVE #open" : ""}`,
            // From waiting to open to the end, and never back: two executors may be at it.
            ConditionExpression: isSettled
              ? "#open = :open"
              : allOf("#open = :open", "#outcome.#state = :waiting"),
            ExpressionAttributeNames: attributeNames("outcome", "open", ...(isSettled ? [] : ["state"])),
            ExpressionAttributeValues: {
              ":outcome": toWire(outcomeSchema, outcome, "outcome"),
              ":open": "open",
              ...(isSettled ? {} : { ":waiting": "waiting" }),
            },
          }),
        ),
      );
      return written.kind === "done";
    },

    async compare(key, parity: Parity) {
      const written = await sendIf(`storing the comparison of ${key.signalKey}`, () =>
        client.send(
          new UpdateCommand({
            TableName: tableName,
            Key: keyOf(key),
            UpdateExpression: "SET #parity = :parity",
            ConditionExpression: allOf("attribute_exists(#day)", "attribute_not_exists(#parity)"),
            ExpressionAttributeNames: attributeNames("parity", "day"),
            ExpressionAttributeValues: { ":parity": toWire(paritySchema, parity, "comparison") },
          }),
        ),
      );
      return written.kind === "done";
    },

    async get(key) {
      const raw = await read(key);
      if (raw === null || !isAlive(raw, nowSeconds(clock))) return null;
      return fromWire(ledgerItemSchema, raw, `signal item ${key.signalKey}`);
    },

    async between(query) {
      if (query.symbol === undefined) return ofDays(query);
      return found(`reading the signals of ${query.symbol}`, {
        IndexName: "SymbolIndex",
        KeyConditionExpression: "#symbol = :symbol AND #signal_timestamp BETWEEN :from AND :to",
        ExpressionAttributeNames: attributeNames("symbol", "signal_timestamp"),
        ExpressionAttributeValues: {
          ":symbol": query.symbol,
          ":from": query.fromSeconds,
          ":to": query.toSeconds,
        },
      });
    },
  };
}
