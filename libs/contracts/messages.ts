import { z } from "zod";
import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { SCHEMA_VERSION } from "./names.ts";

/** Bybit symbols: capitals and digits, `BTCUSDT`, `1000PEPEUSDT`; some coins have names in other scripts. */
export const symbolSchema = z
  .string()
  .regex(/^[\p{Lu}\p{Lo}\p{N}]{2,30}$/u, "expected a symbol such as BTCUSDT");
export const timeframeSchema = z.enum(TIMEFRAMES);
/** A name in the strategy registry; the consumer checks whether it exists. */
export const strategyNameSchema = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,39}$/, "expected a strategy such as BASIC");
export const epochSecondsSchema = z.int().min(1_000_000_000).max(9_999_999_999);
const percent = z.number();

/** One symbol and timeframe to backtest: queue `backtest-tasks`. */
export const backtestTaskSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  /** `<scan_id>:<symbol>:<timeframe>` */
  taskId: z.string().min(1).max(200),
  scanId: z.string().min(1).max(100),
  /** Seconds; the backtest's window ends here. */
  scanTimestamp: epochSecondsSchema,
  symbol: symbolSchema,
  timeframe: timeframeSchema,
  /** High over low of the last 24 hours, percent. */
  volatility24h: percent.min(0),
  /** USDT over 24 hours. */
  turnover24h: z.number().min(0),
  price: z.number().positive(),
  /** Percent over 24 hours. */
  priceChange24h: percent,
  /** Milliseconds since the epoch. */
  requestedAt: z.int().positive(),
});
export type BacktestTask = z.infer<typeof backtestTaskSchema>;

export function backtestTaskId(scanId: string, symbol: string, timeframe: string): string {
  return `${scanId}:${symbol}:${timeframe}`;
}

/** One strategy to evaluate for an entry now: queue `trading-signals`. Expires after 60 s. */
export const tradingSignalSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  /** `<symbol>:<timeframe>:<strategy>:<minute>`; `minute` is the minute since the epoch of issue. */
  signalId: z.string().min(1).max(200),
  symbol: symbolSchema,
  timeframe: timeframeSchema,
  strategy: strategyNameSchema,
  winRate: percent.min(0).max(100),
  totalPnl: z.number(),
  totalTrades: z.int().min(0),
  confidenceAvg: z.number().nullable(),
  scanId: z.string().min(1).max(100),
  /** Milliseconds since the epoch. */
  issuedAt: z.int().positive(),
});
export type TradingSignal = z.infer<typeof tradingSignalSchema>;

export function tradingSignalId(symbol: string, timeframe: string, strategy: string, minute: number): string {
  return `${symbol}:${timeframe}:${strategy}:${minute}`;
}
