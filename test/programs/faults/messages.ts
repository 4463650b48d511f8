import { backtestTaskSchema, type TradingSignal, tradingSignalSchema } from "#libs/contracts/messages.ts";
import { BACKTEST_TASKS, TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { toWire } from "#libs/contracts/wire.ts";
import { MAX_MESSAGE_BYTES } from "#libs/queue/message-body.ts";
import { backtestTask, tradingSignal } from "#test/support/factories/messages.ts";
import { START_MS } from "./settings.ts";

/** Messages that no worker can ever work on. */
export const POISON = [
  "not JSON",
  "wrong schema",
  "unknown version",
  "unknown symbol",
  "too large",
  "nothing",
] as const;
export type PoisonKind = (typeof POISON)[number];

/** Signals that were right a while ago. */
export const STALE = ["issued too long ago", "published too long ago"] as const;
export type StaleKind = (typeof STALE)[number];

/** A message as it is put into a queue, and what becomes of it. */
export interface PoisonLetter {
  readonly queue: string;
  readonly messageId: string;
  readonly body: Buffer;
  /** What its dead letter must say, and what an operator is told to do about it. */
  readonly reason: RegExp;
  readonly toDo: RegExp;
}

const REASONS: Readonly<Record<PoisonKind, RegExp>> = {
  "not JSON": /^not JSON: /,
  "wrong schema": /is invalid: symbol: .*timeframe: /,
  "unknown version": /is invalid: schema_version: /,
  "unknown symbol": /GHOST\d?USDT.*10001.*symbol/i,
  "too large": /^\d+ bytes \(maximum 1048576\)$/,
  nothing: /^not JSON: /,
};

const MINUTE = Math.floor(START_MS / 60_000);
/** Of another scan than the one that runs: what the poison leaves behind is not mixed up with it. */
export const POISON_SCAN = "scan-of-poison";

export function poisonTask(kind: PoisonKind): PoisonLetter {
  const task = backtestTask({
    taskId: `poison task: ${kind}`,
    scanId: POISON_SCAN,
    scanTimestamp: Math.floor(START_MS / 60_000) * 60,
    symbol: "GHOSTUSDT",
  });
  return letterOf(BACKTEST_TASKS, kind, toWire(backtestTaskSchema, task, "poison"), task.taskId);
}

export function poisonSignal(kind: PoisonKind): PoisonLetter {
  const signal = tradingSignal({
    signalId: `poison signal: ${kind}`,
    symbol: "GHOST2USDT",
    issuedAt: START_MS,
    scanId: POISON_SCAN,
  });
  return letterOf(TRADING_SIGNALS, kind, toWire(tradingSignalSchema, signal, "poison"), signal.signalId);
}

function letterOf(
  queue: { readonly name: string },
  kind: PoisonKind,
  wire: Record<string, unknown>,
  messageId: string,
): PoisonLetter {
  return {
    queue: queue.name,
    messageId,
    body: bodyOf(kind, wire),
    reason: REASONS[kind],
    toDo: toDoOf(kind),
  };
}

function toDoOf(kind: PoisonKind): RegExp {
  // A symbol may be listed one day; a signal for it has grown too old long before.
  return kind === "unknown symbol" ? /^retry it if the reason|^it expired/ : /^no service can read it/;
}

function bodyOf(kind: PoisonKind, wire: Record<string, unknown>): Buffer {
  switch (kind) {
    case "not JSON":
      return Buffer.from(JSON.stringify(wire).slice(0, 40));
    case "wrong schema":
      return Buffer.from(JSON.stringify({ ...wire, symbol: 7, timeframe: "1w" }));
    case "unknown version":
      return Buffer.from(JSON.stringify({ ...wire, schema_version: 2 }));
    case "unknown symbol":
      return Buffer.from(JSON.stringify(wire));
    case "too large":
      return Buffer.from(JSON.stringify({ ...wire, padding: "x".repeat(MAX_MESSAGE_BYTES) }));
    case "nothing":
      return Buffer.alloc(0);
  }
}

/** Two minutes before the selection: no selector of the run, whatever its clock says, gives its signals this id. */
export const STALE_MINUTE = MINUTE - 2;

/** A signal that would give a position if it were acted on, and the age in its envelope. */
export function staleSignal(kind: StaleKind, fresh: TradingSignal) {
  const signalId = `${fresh.symbol}:${fresh.timeframe}:${fresh.strategy}:${STALE_MINUTE}`;
  switch (kind) {
    case "issued too long ago":
      return { signal: { ...fresh, signalId, issuedAt: START_MS - 125_000 }, publishedAgoMs: 0 };
    case "published too long ago":
      // Its words are fresh; that it waited somewhere for a minute only the envelope tells.
      return { signal: { ...fresh, signalId }, publishedAgoMs: 61_000 };
  }
}
