import { z } from "zod";
import { isTimeframe, TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import { brokerUrlProblem } from "#libs/contracts/broker-url.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { POSITIONS_TABLE, RESULTS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE } from "#libs/contracts/tables.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { parseMoment } from "./moment.ts";

/** Unambiguous, so it cannot backtrack: a variable may have 100,000 digits and still not match. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** A name or an IPv4 address, or an IPv6 address in brackets, as it stands in a URL. */
const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.]+\])$/;

function number(rule: z.ZodType<number, number>, byDefault: number) {
  return z.string().trim().regex(NUMBER, "expected a number").transform(Number).pipe(rule).default(byDefault);
}

const positive = (byDefault: number) => number(z.number().positive(), byDefault);
const atLeastZero = (byDefault: number) => number(z.number().min(0), byDefault);
const whole = (byDefault: number, min: number, max: number) => number(z.int().min(min).max(max), byDefault);
const text = (byDefault: string) => z.string().trim().min(1).default(byDefault);

function daysByTimeframe(value: string, context: z.RefinementCtx): Record<Timeframe, number> {
  const days = new Map<Timeframe, number>();
  for (const part of value.split(",")) {
    const [timeframe = "", count = "", ...more] = part.trim().split(":");
    const number = /^\d+$/.test(count) && more.length === 0 ? Number(count) : 0;
    if (!isTimeframe(timeframe) || number < 1 || number > 365) {
      context.addIssue(`expected pairs such as 1m:14 (1 to 365 days), not ${shownValue(part, 40)}`);
      return z.NEVER;
    }
    if (days.has(timeframe)) {
      context.addIssue(`${timeframe} is repeated`);
      return z.NEVER;
    }
    days.set(timeframe, number);
  }
  return { ...DEFAULT_BACKTEST_DAYS, ...Object.fromEntries(days) };
}

function timeframeList(value: string, context: z.RefinementCtx): readonly Timeframe[] {
  const names = value.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !isTimeframe(name));
  if (unknown !== undefined) {
    context.addIssue(`unknown timeframe ${shownValue(unknown, 40)}; expected ${TIMEFRAMES.join(", ")}`);
    return z.NEVER;
  }
  return TIMEFRAMES.filter((timeframe) => names.includes(timeframe));
}

/** The remedy instead of the value: what is wrong with a broker's URL is often a part of its password. */
function brokerUrl(value: string, context: z.RefinementCtx): string {
  const problem = brokerUrlProblem(value);
  if (problem === null) return value;
  context.addIssue(problem);
  return z.NEVER;
}

function isoMoment(value: string, context: z.RefinementCtx): number {
  const ms = parseMoment(value);
  if (ms === null) {
    context.addIssue("expected a timestamp such as 2026-01-15T12:00:30Z");
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

/** Every environment variable of every service, with its schema and default; a service selects what it needs. */
export const SETTINGS = {
  AWS_REGION: text("ap-northeast-2").describe("region of the tables"),
  AWS_ENDPOINT_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("DynamoDB endpoint other than AWS: LocalStack, DynamoDB Local, the embedded one"),
  RABBITMQ_URL: z
    .string()
    .trim()
    .transform(brokerUrl)
    .optional()
    .describe("`amqp://` or `amqps://` (TLS; the certificate is verified)"),
  RABBITMQ_HOST: z
    .string()
    .trim()
    .refine(
      (host) => HOST.test(host) && URL.canParse(`amqp://${host}`),
      "expected a host name or IP address without a port",
    )
    .default("localhost")
    .describe("used without RABBITMQ_URL, together with port, user and password"),
  RABBITMQ_PORT: whole(5672, 1, 65_535).describe("5671 means TLS"),
  RABBITMQ_USER: text("guest"),
  // Not trimmed: a password may begin or end with a space.
  RABBITMQ_PASS: z.string().default("guest"),
  BYBIT_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("base URL of another Bybit host or of the exchange simulator"),
  BYBIT_TESTNET: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true")
    .describe("use Bybit's testnet"),
  BYBIT_REQUESTS_PER_SECOND: number(z.number().positive().max(1_000), 50).describe(
    "requests per second and process; Bybit allows 120 per IP address across all its hosts",
  ),
  BYBIT_TIMEOUT_SECONDS: number(z.number().min(0.1).max(60), 10).describe(
    "timeout of one request, including its response body",
  ),
  BYBIT_BAN_SECONDS: number(z.number().min(1).max(86_400), 600).describe(
    'pause of all requests of the process after HTTP 403 "access too frequent"; Bybit requires 600',
  ),
  RESULTS_TABLE: text(RESULTS_TABLE.name),
  POSITIONS_TABLE: text(POSITIONS_TABLE.name),
  SCAN_HISTORY_TABLE: text(SCAN_HISTORY_TABLE.name),
  SIGNALS_TABLE: text(SIGNALS_TABLE.name).describe("every signal with its outcome"),
  TOP_N_COINS: whole(30, 1, 500).describe("number of coins per scan"),
  MIN_VOLATILITY: atLeastZero(0).describe("percent; 24-hour high over low"),
  MAX_VOLATILITY: positive(100).describe("percent"),
  MIN_TURNOVER_24H: atLeastZero(5_000_000).describe("USDT in 24 hours"),
  MIN_LISTING_DAYS: whole(30, 0, 3_650).describe("the daily Fibonacci frame needs 30 days"),
  TIMEFRAMES: z
    .string()
    .default(TIMEFRAMES.join(","))
    .transform(timeframeList)
    .describe("timeframes of a scan"),
  BACKTEST_DAYS: z
    .string()
    .default(
      Object.entries(DEFAULT_BACKTEST_DAYS)
        .map(([timeframe, days]) => `${timeframe}:${days}`)
        .join(","),
    )
    .transform(daysByTimeframe)
    .describe("days covered by a backtest, per timeframe"),
  PREFETCH_COUNT: whole(4, 1, 1_000).describe("unacknowledged messages per process"),
  MIN_WIN_RATE: number(z.number().min(0).max(100), 45).describe("percent"),
  MIN_PNL: number(z.number(), 100).describe("USDT over the backtest"),
  MIN_TRADES: whole(20, 1, 1_000_000).describe("trades in the backtest"),
  FINDER_CANDLES: whole(1_000, 61, 20_000).describe("candles loaded for a decision, including warm-up"),
  SIGNAL_MAX_AGE_SECONDS: whole(300, 1, 3_600).describe(
    "how long after a candle's close an entry on it is valid",
  ),
  POSITION_SIZE: positive(DEFAULT_TRADE_RULES.marginUsdt).describe("margin per position, USDT"),
  LEVERAGE: number(z.number().min(1).max(100), DEFAULT_TRADE_RULES.leverage),
  STOP_LOSS_PERCENT: number(z.number().positive().lt(100), DEFAULT_TRADE_RULES.stopLossPercent),
  TAKE_PROFIT_PERCENT: number(z.number().positive().lt(100), DEFAULT_TRADE_RULES.takeProfitPercent),
  TAKER_FEE_PERCENT: number(z.number().min(0).max(5), DEFAULT_TRADE_RULES.takerFeePercent).describe(
    "percent per side",
  ),
  SLIPPAGE_PERCENT: number(z.number().min(0).max(5), DEFAULT_TRADE_RULES.slippagePercent).describe(
    "percent per side, against the trade",
  ),
  RUN_EVERY_SECONDS: z
    .string()
    .trim()
    .regex(NUMBER, "expected a number")
    .transform(Number)
    .pipe(z.int().min(10).max(86_400))
    .optional()
    .describe("run at every full period until stopped; unset: run once and exit"),
  SIMULATED_TIME: z
    .string()
    .transform(isoMoment)
    .optional()
    .describe("for simulations: stops the clock at this timestamp"),
  CODE_VERSION: text("dev").describe("code revision, stored with each position"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("trace, debug, info, warn, error, fatal or silent"),
  LOG_FORMAT: z.enum(["json", "pretty"]).default("json").describe("`json`, or `pretty` for humans"),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** Groups of variables, for the services that need them. */
export const DATABASE_SETTINGS = ["AWS_REGION", "AWS_ENDPOINT_URL"] as const satisfies readonly SettingName[];
export const BROKER_SETTINGS = [
  "RABBITMQ_URL",
  "RABBITMQ_HOST",
  "RABBITMQ_PORT",
  "RABBITMQ_USER",
  "RABBITMQ_PASS",
] as const satisfies readonly SettingName[];
export const EXCHANGE_SETTINGS = [
  "BYBIT_BASE_URL",
  "BYBIT_TESTNET",
  "BYBIT_REQUESTS_PER_SECOND",
  "BYBIT_TIMEOUT_SECONDS",
  "BYBIT_BAN_SECONDS",
] as const satisfies readonly SettingName[];
export const TRADE_SETTINGS = [
  "POSITION_SIZE",
  "LEVERAGE",
  "STOP_LOSS_PERCENT",
  "TAKE_PROFIT_PERCENT",
  "TAKER_FEE_PERCENT",
  "SLIPPAGE_PERCENT",
] as const satisfies readonly SettingName[];
export const LOG_SETTINGS = ["LOG_LEVEL", "LOG_FORMAT"] as const satisfies readonly SettingName[];
