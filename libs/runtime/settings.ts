import { z } from "zod";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE } from "#libs/contracts/tables.ts";
import { isTimeframe, TIMEFRAMES, type Timeframe } from "#libs/strategy/timeframe.ts";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function number(rule: z.ZodType<number, number>, byDefault: number) {
  return z.string().trim().regex(NUMBER, "expected a number").transform(Number).pipe(rule).default(byDefault);
}

const positive = (byDefault: number) => number(z.number().positive(), byDefault);
const atLeastZero = (byDefault: number) => number(z.number().min(0), byDefault);
const whole = (byDefault: number, min: number, max: number) => number(z.int().min(min).max(max), byDefault);
const text = (byDefault: string) => z.string().trim().min(1).default(byDefault);

function daysByTimeframe(value: string, context: z.RefinementCtx): Record<Timeframe, number> {
  const days: Record<Timeframe, number> = { ...DEFAULT_BACKTEST_DAYS };
  for (const part of value.split(",")) {
    const [timeframe = "", count = ""] = part.trim().split(":");
    if (!isTimeframe(timeframe) || !/^\d+$/.test(count) || Number(count) < 1 || Number(count) > 365) {
      context.addIssue(`expected pairs such as 1m:14 (1 to 365 days), not ${JSON.stringify(part)}`);
      return z.NEVER;
    }
    days[timeframe] = Number(count);
  }
  return days;
}

function timeframeList(value: string, context: z.RefinementCtx): readonly Timeframe[] {
  const names = value.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !isTimeframe(name));
  if (unknown.length > 0) {
    context.addIssue(`unknown timeframe ${unknown.join(", ")}; known are ${TIMEFRAMES.join(", ")}`);
    return z.NEVER;
  }
  return TIMEFRAMES.filter((timeframe) => names.includes(timeframe));
}

function isoMoment(value: string, context: z.RefinementCtx): number {
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) {
    context.addIssue("expected a moment such as 2026-01-15T12:00:30Z");
    return z.NEVER;
  }
  return ms;
}

/** How many days a backtest of each timeframe covers. */
export const DEFAULT_BACKTEST_DAYS: Readonly<Record<Timeframe, number>> = {
  "1m": 14,
  "3m": 30,
  "5m": 30,
  "15m": 60,
  "30m": 90,
};

/** Every environment variable of every service, with its rule and default; a service picks what it needs. */
export const SETTINGS = {
  /** AWS region of the tables. */
  AWS_REGION: text("ap-northeast-2"),
  /** Another DynamoDB endpoint: LocalStack, DynamoDB Local, the embedded one. */
  AWS_ENDPOINT_URL: z.url({ protocol: /^https?$/ }).optional(),
  RABBITMQ_URL: z.url({ protocol: /^amqps?$/ }).optional(),
  /** Instead of RABBITMQ_URL, for secrets that come in parts. Port 5671 means TLS. */
  RABBITMQ_HOST: text("localhost"),
  RABBITMQ_PORT: whole(5672, 1, 65_535),
  RABBITMQ_USER: text("guest"),
  RABBITMQ_PASS: text("guest"),
  /** Another Bybit host, or the exchange simulator. */
  BYBIT_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  BYBIT_TESTNET: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true"),
  /** Calls a second of this process; Bybit allows 120 for an address, over all its hosts. */
  BYBIT_REQUESTS_PER_SECOND: number(z.number().positive().max(1_000), 50),
  RESULTS_TABLE: text(RESULTS_TABLE.name),
  POSITIONS_TABLE: text(POSITIONS_TABLE.name),
  SCAN_HISTORY_TABLE: text(SCAN_HISTORY_TABLE.name),
  TOP_N_COINS: whole(30, 1, 500),
  /** Percent, high over low of 24 hours. */
  MIN_VOLATILITY: atLeastZero(0),
  MAX_VOLATILITY: positive(100),
  /** USDT over 24 hours. */
  MIN_TURNOVER_24H: atLeastZero(5_000_000),
  /** The daily Fibonacci frame needs 30 days. */
  MIN_LISTING_DAYS: whole(30, 0, 3_650),
  TIMEFRAMES: z.string().default(TIMEFRAMES.join(",")).transform(timeframeList),
  BACKTEST_DAYS: z.string().default("1m:14,3m:30,5m:30,15m:60,30m:90").transform(daysByTimeframe),
  /** Messages in hand at the same time. */
  PREFETCH_COUNT: whole(2, 1, 1_000),
  /** Percent. */
  MIN_WIN_RATE: number(z.number().min(0).max(100), 45),
  /** USDT. */
  MIN_PNL: number(z.number(), 100),
  MIN_TRADES: whole(20, 1, 1_000_000),
  FINDER_CANDLES: whole(1_000, 61, 20_000),
  /** Seconds from a candle's close in which an entry on it may still be stored. */
  SIGNAL_MAX_AGE_SECONDS: whole(300, 1, 3_600),
  /** Margin in USDT. */
  POSITION_SIZE: positive(100),
  LEVERAGE: number(z.number().min(1).max(100), 10),
  STOP_LOSS_PERCENT: number(z.number().positive().lt(100), 1),
  TAKE_PROFIT_PERCENT: number(z.number().positive().lt(100), 2),
  /** Percent a side. */
  TAKER_FEE_PERCENT: number(z.number().min(0).max(5), 0.055),
  SLIPPAGE_PERCENT: number(z.number().min(0).max(5), 0.01),
  /** Scanner and selector: run again at every full period until stopped; unset: run once and exit. */
  RUN_EVERY_SECONDS: z
    .string()
    .trim()
    .regex(NUMBER, "expected a number")
    .transform(Number)
    .pipe(z.int().min(10).max(86_400))
    .optional(),
  /** For simulations only: the services' clock stands still at this moment. */
  SIMULATED_TIME: z.string().transform(isoMoment).optional(),
  /** Revision of the deployed code, stored with each position. */
  CODE_VERSION: text("dev"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  LOG_FORMAT: z.enum(["json", "pretty"]).default("json"),
} as const;

export type SettingName = keyof typeof SETTINGS;
