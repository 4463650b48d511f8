import { z } from "zod";
import { epochSecondsSchema, strategyNameSchema, symbolSchema, timeframeSchema } from "./messages.ts";

/** How long a position may be acted on, in seconds after its candle closed. */
export const POSITION_LIFE_SECONDS = 300;

const POSITION_STATUSES = ["active", "executing", "executed", "closed", "expired", "failed"] as const;
const trend = z.enum(["UP", "DOWN", "SIDEWAYS"]);

/** A proposed entry, valid for five minutes: table `crypto-backtest-trading-positions`. */
export const positionItemSchema = z.object({
  symbol: symbolSchema,
  /** Close time of the signal candle, seconds. With the symbol it is the key: one position per symbol and candle. */
  signalTimestamp: epochSecondsSchema,
  signalId: z.string(),
  strategy: strategyNameSchema,
  timeframe: timeframeSchema,
  positionType: z.enum(["LONG", "SHORT"]),
  /** Prices are rounded to the instrument's tick. */
  entryPrice: z.number().positive(),
  stopLoss: z.number().positive(),
  takeProfit: z.number().positive(),
  riskRewardRatio: z.number().positive(),
  confidence: z.number().min(0).max(100),
  reasons: z.array(z.string()),
  /** Margin in USDT. */
  positionSize: z.number().positive(),
  leverage: z.number().positive(),
  /** USDT at the target and at the stop, after fees and slippage; the loss is negative. */
  expectedProfit: z.number(),
  expectedLoss: z.number(),
  rsi: z.number(),
  /** percentB of the Bollinger band; null when the band has no width. */
  bbPosition: z.number().nullable(),
  /** Percent. */
  bbWidth: z.number(),
  btcTrend: trend,
  btcChange: z.number(),
  coinTrend: trend,
  coinChange: z.number(),
  /** Last settled rate; null when the exchange has none. */
  fundingRate: z.number().nullable(),
  fundingSentiment: z.enum(["LONG_HEAVY", "SHORT_HEAVY", "NEUTRAL"]),
  /** Nearest confluence zones below and above the entry; null where there is none. */
  fibSupport: z.number().nullable(),
  fibResistance: z.number().nullable(),
  /** Percent to the nearer of the two; null where there is none. */
  fibDistance: z.number().nullable(),
  candlestickPatterns: z.array(z.string()),
  scanId: z.string(),
  backtest: z.object({
    winRate: z.number(),
    totalPnl: z.number(),
    totalTrades: z.int(),
  }),
  provenance: z.object({ codeVersion: z.string(), configHash: z.string(), candlesHash: z.string() }),
  /** Milliseconds. */
  createdAt: z.int(),
  updatedAt: z.int(),
  version: z.int().min(1),
  status: z.enum(POSITION_STATUSES),
  ttl: epochSecondsSchema,
});
export type PositionItem = z.infer<typeof positionItemSchema>;
