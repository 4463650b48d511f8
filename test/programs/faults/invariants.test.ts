import { describe, expect, it } from "vitest";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import { position } from "#test/support/factories/positions.ts";
import { NO_TRADES, SCAN_TIME, timeframeResult } from "#test/support/factories/results.ts";
import type { ProcessEnd } from "./fleet.ts";
import { type Expectation, type InvariantName, type Observation, violations } from "./invariants.ts";
import { poisonTask, STALE_MINUTE } from "./messages.ts";
import type { Reference } from "./reference.ts";

const SCAN_ID = "scan-2030-06-15T15";

function scan(overrides: Partial<ScanItem> = {}): ScanItem {
  return {
    scanId: SCAN_ID,
    scanTimestamp: SCAN_TIME,
    status: "completed",
    scannerId: "reference:1",
    leaseUntil: 0,
    universeCount: 1,
    selectedCount: 1,
    selected: ["SOLUSDT"],
    timeframes: ["1m", "5m"],
    totalTasks: 2,
    completedTasks: 1,
    noTradesTasks: 1,
    failedTasks: 0,
    pendingTasks: 0,
    completed: new Set(["SOLUSDT:5m"]),
    noTrades: new Set(["SOLUSDT:1m"]),
    startedAt: 1,
    ttl: SCAN_TIME,
    ...overrides,
  };
}

const result: Reference["results"][number] = {
  symbol: "SOLUSDT",
  scanTimestamp: SCAN_TIME,
  scanId: SCAN_ID,
  volatility24h: 12.34,
  turnover: 987_654.32,
  price: 151.23,
  priceChange24h: -3.21,
  timeframes: { "1m": timeframeResult(NO_TRADES), "5m": timeframeResult({ totalPnl: 120.5 }) },
  optimalTimeframe: "5m",
  optimalPnl: 120.5,
  optimalWinRate: 56.67,
  analyzerId: "reference:1",
  createdAt: 1,
  updatedAt: 2,
  version: 2,
  status: "active",
  ttl: SCAN_TIME,
};
const universe: Reference["universe"] = [
  { symbol: "SOLUSDT", volatility24h: 1, turnover: 2, price: 3, priceChange24h: 4, rank: 1, taken: true },
];
const rival = position({ strategy: "BASIC", timeframe: "15m", confidence: 60 });
const SECRET = "hunter2/&";

const expectation: Expectation = {
  reference: { scan: scan(), universe, results: [result], signals: [], positions: [position(), rival] },
  poison: [poisonTask("not JSON")],
  stopDeadlineMs: 1_000,
  secrets: [SECRET, encodeURIComponent(SECRET)],
};

const letter = {
  queue: "backtest-tasks.dead",
  messageId: poisonTask("not JSON").messageId,
  body: poisonTask("not JSON").body,
  headers: { attempts: 1 },
  reason: "not JSON: Unexpected end",
  toDo: "no service can read it: fix its producer, then discard it",
};

function end(overrides: Partial<ProcessEnd> = {}): ProcessEnd {
  return { worker: "analyzer-1", end: 0, sent: "SIGTERM", stopMs: 10, output: "{}\n", ...overrides };
}

/** What a run leaves behind that has kept every promise, by other workers at another time. */
function seen(overrides: Partial<Observation> = {}): Observation {
  return {
    scan: scan({ scannerId: "other:7", startedAt: 5, completedAt: 9, duration: 4 }),
    universe,
    results: [
      {
        ...result,
        analyzerId: "other:8",
        updatedAt: 99,
        timeframes: {
          "5m": timeframeResult({ totalPnl: 120.5, analysisTime: 7 }),
          "1m": timeframeResult(NO_TRADES),
        },
      },
    ],
    positions: [position({ createdAt: 5, updatedAt: 6 })],
    depths: new Map([
      ["backtest-tasks", 0],
      ["backtest-tasks.dead", 1],
    ]),
    deadLetters: [letter],
    ends: [end(), end({ worker: "scanner-1", sent: null, stopMs: null })],
    unfinished: [],
    ...overrides,
  };
}

const broken = (overrides: Partial<Observation>) =>
  new Set(violations(seen(overrides), expectation).map(({ invariant }) => invariant));

const withResult = (overrides: Partial<typeof result>): Partial<Observation> => ({
  results: [{ ...result, ...overrides }],
});

describe("the promises of the pipeline", () => {
  it("are kept by a run that differs in who did the work and when", () => {
    expect(violations(seen(), expectation)).toEqual([]);
  });

  it.each<[string, InvariantName, Partial<Observation>]>([
    ["work is left", "the work comes to an end", { unfinished: ["the scan is published"] }],
    ["there is no scan", "every task of the scan is counted once", { scan: null }],
    [
      "a task is counted twice",
      "every task of the scan is counted once",
      { scan: scan({ completedTasks: 2, pendingTasks: -1 }) },
    ],
    [
      "a task ended in two ways",
      "every task of the scan is counted once",
      { scan: scan({ failed: new Set(["SOLUSDT:5m"]), failedTasks: 1 }) },
    ],
    [
      "a task is pending",
      "every task of the scan is counted once",
      { scan: scan({ completed: new Set(), completedTasks: 0, pendingTasks: 1 }) },
    ],
    [
      "a stored success is counted as a failure",
      "the scan is that of a run without faults",
      {
        scan: scan({
          completedTasks: 0,
          completed: new Set(),
          failedTasks: 1,
          failed: new Set(["SOLUSDT:5m"]),
        }),
      },
    ],
    ["the universe is another", "the scan is that of a run without faults", { universe: [] }],
    ["a result is missing", "figures are those of a run without faults", { results: [] }],
    [
      "a figure differs in its last digit",
      "figures are those of a run without faults",
      withResult({
        timeframes: { ...result.timeframes, "5m": timeframeResult({ totalPnl: 120.5, maxDrawdown: 40.26 }) },
      }),
    ],
    [
      "a timeframe failed that need not",
      "figures are those of a run without faults",
      withResult({
        timeframes: { ...result.timeframes, "1m": timeframeResult({ ...NO_TRADES, status: "failed" }) },
      }),
    ],
    [
      "a coin has a result that was not scanned",
      "figures are those of a run without faults",
      { results: [result, { ...result, symbol: "BTCUSDT" }] },
    ],
    [
      "the optimum is not the best timeframe's",
      "optimum and counts agree with the timeframes",
      withResult({ optimalPnl: 99 }),
    ],
    [
      "the optimum names another timeframe",
      "optimum and counts agree with the timeframes",
      withResult({ optimalTimeframe: "1m" }),
    ],
    [
      "an entry was written twice",
      "optimum and counts agree with the timeframes",
      withResult({ version: 3 }),
    ],
    ["a position is missing", "every valid signal yields its position once", { positions: [] }],
    [
      "a position differs in a field",
      "every valid signal yields its position once",
      { positions: [position({ stopLoss: 149.719 })] },
    ],
    [
      "a position is on another candle",
      "every valid signal yields its position once",
      { positions: [position(), position({ signalTimestamp: SCAN_TIME - 300 })] },
    ],
    [
      "a position is a strategy's that found none",
      "every valid signal yields its position once",
      { positions: [position({ timeframe: "30m" })] },
    ],
    [
      "a stale signal was acted on",
      "no stale signal yields a position",
      { positions: [position({ signalId: `SOLUSDT:5m:ADVANCED:${STALE_MINUTE}` })] },
    ],
    ["poison is lost", "dead letters are the poison", { deadLetters: [] }],
    [
      "a valid message is dead",
      "dead letters are the poison",
      { deadLetters: [letter, { ...letter, messageId: "scan:SOLUSDT:5m" }] },
    ],
    [
      "poison is dead for another reason",
      "dead letters are the poison",
      { deadLetters: [{ ...letter, reason: "delivery limit of 5 reached" }] },
    ],
    [
      "nobody is told what to do about poison",
      "dead letters are the poison",
      { deadLetters: [{ ...letter, toDo: "" }] },
    ],
    [
      "a dead letter is not what was sent",
      "dead letters are the poison",
      { deadLetters: [{ ...letter, body: Buffer.from("{}") }] },
    ],
    ["a message is left", "queues end empty", { depths: new Map([["backtest-tasks.retry.1000ms", 1]]) }],
    [
      "a worker ended by itself",
      "nobody dies by accident",
      { ends: [end({ sent: null, stopMs: null, end: 1 })] },
    ],
    [
      "a worker crashed while it stopped",
      "nobody dies by accident",
      { ends: [end({ output: '{"msg":"unexpected failure: the service ends"}\n' })] },
    ],
    ["a worker stopped with the wrong code", "nobody dies by accident", { ends: [end({ end: 1 })] }],
    [
      "a worker that had begun died of SIGTERM",
      "nobody dies by accident",
      { ends: [end({ end: "SIGTERM" })] },
    ],
    [
      "a task failed without a reason",
      "nobody dies by accident",
      { ends: [end({ worker: "selector-1", sent: null, stopMs: null, end: 1 })] },
    ],
    ["a worker stopped too late", "SIGTERM ends in time", { ends: [end({ stopMs: 1_001 })] }],
    [
      "a log line has a secret",
      "no secret is told",
      { ends: [end({ output: `{"url":"amqp://u:${SECRET}@h"}` })] },
    ],
    [
      "a log line has a secret, encoded",
      "no secret is told",
      { ends: [end({ output: `{"url":"amqp://u:${encodeURIComponent(SECRET)}@h"}` })] },
    ],
    [
      "a dead letter has a secret",
      "no secret is told",
      { deadLetters: [{ ...letter, headers: { reason: `not JSON: ${SECRET}` } }] },
    ],
  ])("are broken when %s: %s", (_, invariant, world) => {
    expect([...broken(world)]).toContain(invariant);
  });

  it("let the first of several strategies hold the candle, and a task give up with a reason", () => {
    const gaveUp = end({
      worker: "selector-1",
      sent: null,
      stopMs: null,
      end: 1,
      output: '{"level":"fatal","reason":"reading failed","msg":"service failed"}\n',
    });
    expect(violations(seen({ positions: [rival], ends: [gaveUp] }), expectation)).toEqual([]);
  });
});
