import { z } from "zod";
import { epochSecondsSchema, symbolSchema, timeframeSchema } from "./messages.ts";

/** How long a result may be traded on, in seconds: a day after its scan. */
export const RESULT_LIFE_SECONDS = 24 * 60 * 60;

const money = z.number();
const percent = z.number();

const probability = z.number().min(0).max(1);

/** Whether a strategy's figures could be chance; see `libs/backtest/statistics` for formulas and sources. */
export const strategyStatisticsSchema = z.object({
  /** 95 % confidence interval of the win rate, percent. */
  winRateLow: percent.nullable(),
  winRateHigh: percent.nullable(),
  /** Of the mean trade, against "it earns nothing". */
  pValue: probability.nullable(),
  /** Mean over standard deviation of a trade. */
  sharpe: z.number().nullable(),
  /** Probability that the true Sharpe ratio is above 0. */
  probabilisticSharpe: probability.nullable(),
  /** Probability that it is above what the best of all trials would show by chance. */
  deflatedSharpe: probability.nullable(),
  /** Configurations that a scan tries: coins x timeframes x strategies. */
  trials: z.int().min(1),
  /** Holding the coin over the same window, for the notional of a trade and at its costs. */
  buyAndHoldPnl: money.nullable(),
  buyAndHoldPercent: percent.nullable(),
  /** Trades whose candle holds both stop and target; they count as stopped. */
  ambiguousTrades: z.int().min(0),
  /** Total PnL, had they reached the target first. */
  optimisticPnl: money,
});
export type StrategyStatistics = z.infer<typeof strategyStatisticsSchema>;

/** The figures of one strategy over one window. An undefined figure (a mean of nothing) is null, never 0. */
export const strategyFiguresSchema = z.object({
  totalTrades: z.int().min(0),
  wins: z.int().min(0),
  losses: z.int().min(0),
  /** Percent. */
  winRate: percent.nullable(),
  /** USDT, after fees, slippage and funding. */
  totalPnl: money,
  avgWin: money.nullable(),
  avgLoss: money.nullable(),
  profitFactor: z.number().nullable(),
  /** USDT, of the cumulated PnL. */
  maxDrawdown: money,
  confidenceAvg: z.number().nullable(),
  holdingMinutesAvg: z.number().nullable(),
  fees: money,
  funding: money,
  /** Entries skipped because the price had moved beyond the tolerance. */
  skippedEntries: z.int().min(0),
  /** Absent in results of versions that did not compute it. */
  statistics: strategyStatisticsSchema.optional(),
});
export type StrategyFigures = z.infer<typeof strategyFiguresSchema>;

const TIMEFRAME_STATUSES = ["completed", "no_trades", "failed"] as const;

/** One finished (symbol, timeframe) of a scan: an entry of the item's `timeframes`. */
export const timeframeResultSchema = z.object({
  /** The figures of `bestStrategy`, repeated here so that queries can filter on them. */
  totalTrades: z.int().min(0),
  winRate: percent.nullable(),
  totalPnl: money,
  avgWin: money.nullable(),
  avgLoss: money.nullable(),
  profitFactor: z.number().nullable(),
  maxDrawdown: money,
  confidenceAvg: z.number().nullable(),
  /** Name of the strategy with the highest PnL, `NONE` when none traded. */
  bestStrategy: z.string(),
  strategies: z.record(z.string(), strategyFiguresSchema),
  /** Candles of the window that was traded; warm-up candles before it are not counted. */
  candles: z.int().min(0),
  /** Open time of the window's first candle, milliseconds. */
  from: z.int(),
  /** Close time of the window's last candle, milliseconds. */
  to: z.int(),
  /**
   * The instrument's price step, as the exchange prints it, to which entries, stops and targets were rounded. Absent
   * when the backtest failed, and in results of versions that did not round.
   */
  tickSize: z.string().optional(),
  /** One tick in percent of the distance from entry to stop, at the window's last close. */
  tickShareOfStop: percent.optional(),
  /** Milliseconds from taking the task to the result, loading included. */
  analysisTime: z.number().min(0),
  status: z.enum(TIMEFRAME_STATUSES),
  /** Why it failed; absent otherwise. */
  error: z.string().optional(),
});
export type TimeframeResult = z.infer<typeof timeframeResultSchema>;

const RESULT_STATUSES = ["pending", "active", "inactive"] as const;

/**
 * One coin of one scan: table `crypto-backtest-results`.
 * `pending` until a timeframe has trades (`active`), `inactive` when all are finished and none has.
 * The `optimal*` fields, `btcCorrelation` and `trendAnalysis` describe the timeframe with the highest PnL.
 */
export const resultsItemSchema = z.object({
  symbol: symbolSchema,
  /** Seconds, from the scan. */
  scanTimestamp: epochSecondsSchema,
  scanId: z.string(),
  volatility24h: percent,
  turnover: money,
  price: z.number(),
  priceChange24h: percent,
  timeframes: z.partialRecord(timeframeSchema, timeframeResultSchema),
  optimalTimeframe: timeframeSchema.optional(),
  optimalPnl: money.optional(),
  optimalWinRate: percent.optional(),
  /** Correlation of the returns with BTCUSDT's over the window, -1 to 1; null when it is undefined. */
  btcCorrelation: z.number().min(-1).max(1).nullable().optional(),
  /** The coin's trend at the end of the window: direction, strength 0-100, change in percent. */
  trendAnalysis: z
    .object({ trend: z.enum(["UP", "DOWN", "SIDEWAYS"]), strength: z.number(), change: z.number() })
    .optional(),
  /** The worker that wrote last, to find its logs. */
  analyzerId: z.string(),
  /** Milliseconds. */
  createdAt: z.int(),
  updatedAt: z.int(),
  /** Incremented by every write that changed the item. */
  version: z.int().min(1),
  status: z.enum(RESULT_STATUSES),
  ttl: epochSecondsSchema,
});
export type ResultsItem = z.infer<typeof resultsItemSchema>;
