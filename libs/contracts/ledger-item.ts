import { z } from "zod";
import { epochSecondsSchema, symbolSchema } from "./messages.ts";
import { positionItemSchema } from "./position-item.ts";

/** How long a signal is kept, in seconds after its candle closed: longer than a year, so that years can be compared. */
export const LEDGER_LIFE_SECONDS = 400 * 24 * 60 * 60;

/**
 * Where the prices of a signal come from. `unknown`: a base URL of the user's choice, which may be an exchange simulator.
 */
export const MARKET_KINDS = ["synthetic", "replay", "bybit", "testnet", "unknown"] as const;
export type MarketKind = (typeof MARKET_KINDS)[number];

/**
 * - `waiting`: the position may still be acted on
 * - `open`: its life is over and neither stop nor target has been reached
 * - `target`, `stop`, `liquidated`: how the trade ended
 * - `timed_out`: closed at the market price after seven days
 * - `skipped`: no trade, because the next candle opened beyond the entry tolerance
 * - `unknown`: cannot be computed, see `reason`
 */
export const OUTCOME_STATES = [
  "waiting",
  "open",
  "target",
  "stop",
  "liquidated",
  "timed_out",
  "skipped",
  "unknown",
] as const;
export type OutcomeState = (typeof OUTCOME_STATES)[number];

/** The states of a signal that is still followed. */
export const UNSETTLED_STATES: readonly OutcomeState[] = ["waiting", "open"];

/** The states of a signal that was a trade and ended: what the figures of a summary count. */
export const TRADED_STATES: readonly OutcomeState[] = ["target", "stop", "liquidated", "timed_out"];

const price = z.number().positive();
const money = z.number();
/** Milliseconds since the epoch. */
const moment = z.int().positive();

/**
 * What became of a signal, by the backtest's own functions on closed candles. Figures keep all their digits, because a
 * backtest of the same candles must give the same ones. What is not known yet, or does not apply, is null.
 */
export const outcomeSchema = z.object({
  state: z.enum(OUTCOME_STATES),
  /** For people: why there is no result, or what is special about it. */
  reason: z.string().nullable(),
  entry: z
    .object({
      /** Open of the entry candle. */
      entryAt: moment,
      /** With slippage. */
      fillPrice: price,
    })
    .nullable(),
  /** Open time of the candle in which the trade ended. */
  exitAt: moment.nullable(),
  /** With slippage. */
  exitPrice: price.nullable(),
  gross: money.nullable(),
  fees: money.nullable(),
  /** Received when positive. */
  funding: money.nullable(),
  /** USDT after costs and funding. */
  netPnl: money.nullable(),
  /** From the open of the entry candle to the close of the exit candle. */
  holdingMinutes: z.number().min(0).nullable(),
  /** Stop and target lay in one candle, and the one-minute candles inside decided which came first. */
  decidedByDetail: z.boolean().nullable(),
  /** The best price at which the position could have been entered while it lived: a LONG's lowest. */
  bestPriceInLife: price.nullable(),
  /** Clock of the executor when it stored this. */
  updatedAt: moment.nullable(),
});
export type LedgerOutcome = z.infer<typeof outcomeSchema>;

export const WAITING: LedgerOutcome = {
  state: "waiting",
  reason: null,
  entry: null,
  exitAt: null,
  exitPrice: null,
  gross: null,
  fees: null,
  funding: null,
  netPnl: null,
  holdingMinutes: null,
  decidedByDetail: null,
  bestPriceInLife: null,
  updatedAt: null,
};

/** What the backtest had shown when the signal was given; a later backtest shows something else. */
const evidenceSchema = z.object({
  /** Percent. */
  winRate: z.number().min(0).max(100),
  totalTrades: z.int().min(0),
  /** USDT over the backtest. */
  totalPnl: z.number(),
  confidenceAvg: z.number().nullable(),
  /** Milliseconds: when the selector sent the signal. */
  issuedAt: moment,
});

/** Comparison with the trade of a later backtest over the same candles. */
export const paritySchema = z.object({
  state: z.enum(["equal", "explained", "mismatch"]),
  /** What differs and why; null when nothing does. */
  reason: z.string().nullable(),
  /** The scan whose backtest it was compared with. */
  scanId: z.string(),
  comparedAt: moment,
});
export type Parity = z.infer<typeof paritySchema>;

/** One signal, from its candle to its end: table `crypto-backtest-signals`. */
export const ledgerItemSchema = z.object({
  /** UTC date of the signal, `2026-01-15`. */
  day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "expected a date such as 2026-01-15"),
  /** `<signal_timestamp>#<symbol>`: sorts by time. */
  signalKey: z.string().regex(/^\d{10}#./u, "expected a key such as 1768437000#BTCUSDT"),
  symbol: symbolSchema,
  /** Close time of the signal candle, seconds. */
  signalTimestamp: epochSecondsSchema,
  /** There while the signal is followed: the key of the sparse index of open signals. */
  open: z.literal("open").optional(),
  market: z.enum(MARKET_KINDS),
  /** Whether the prices are made up or recorded; null when that is not known. */
  simulated: z.boolean().nullable(),
  /** The position as it is, or was to be, stored: its own table forgets it after five minutes. */
  position: positionItemSchema,
  evidence: evidenceSchema,
  /** The trade rules the position was made with, by name: its outcome is computed with the same. */
  rules: z.record(z.string(), z.number()),
  /** The instrument's price step as the exchange prints it. */
  tickSize: z.string().min(1),
  /** Candles the decision rests on, which `provenance.candles_hash` covers. */
  candles: z.int().min(1),
  outcome: outcomeSchema,
  parity: paritySchema.optional(),
  /** What the executor traded, once it trades. */
  trade: z.record(z.string(), z.unknown()).optional(),
  /** By channel. */
  alerts: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  /** Milliseconds. */
  createdAt: moment,
  ttl: epochSecondsSchema,
});
export type LedgerItem = z.infer<typeof ledgerItemSchema>;

export interface LedgerKey {
  readonly day: string;
  readonly signalKey: string;
}

/** Ten digits until the year 2286, so the keys of a day sort as text by time, then by symbol. */
export function ledgerKey(symbol: string, signalTimestamp: number): LedgerKey {
  return {
    day: ledgerDay(signalTimestamp * 1_000),
    signalKey: `${String(signalTimestamp).padStart(10, "0")}#${symbol}`,
  };
}

/** The UTC date of a moment in milliseconds: the partition of the signals of that day. */
export function ledgerDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
