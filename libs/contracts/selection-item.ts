import { z } from "zod";
import { epochSecondsSchema, strategyNameSchema, symbolSchema, timeframeSchema } from "./messages.ts";

/** The key (`scan_id`) of the newest selection in the table `crypto-backtest-scan-history`. */
export const SELECTION_ID = "selection#latest";

/** How long a selection is kept after its last write, in seconds. */
export const SELECTION_LIFE_SECONDS = 7 * 24 * 60 * 60;

/** Refusals that a selection lists; the others are in its counts. */
export const NEAREST_REFUSALS = 30;

/** One strategy on one symbol and timeframe, and the scan whose backtest it was judged by. */
const judgedFields = {
  symbol: symbolSchema,
  timeframe: timeframeSchema,
  strategy: strategyNameSchema,
  judgedBy: z.string(),
  totalTrades: z.int().min(0),
  /** Percent. */
  winRate: z.number().nullable(),
  /** USDT. */
  totalPnl: z.number(),
};

/** A strategy that was taken, with what of its figures may be chance; null where the result does not say. */
export const selectedStrategySchema = z.object({
  ...judgedFields,
  /** 95 % confidence interval of the win rate, percent. */
  winRateLow: z.number().nullable(),
  winRateHigh: z.number().nullable(),
  profitFactor: z.number().nullable(),
  maxDrawdown: z.number(),
  confidenceAvg: z.number().nullable(),
  /** Probabilities, 0 to 1. */
  pValue: z.number().nullable(),
  probabilisticSharpe: z.number().nullable(),
  deflatedSharpe: z.number().nullable(),
  trials: z.int().nullable(),
});
export type SelectedStrategy = z.infer<typeof selectedStrategySchema>;

/** Names a rule of the selection. Text, so that a new rule does not make old readers fail. */
const refusalCodeSchema = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/);

/** A figure that misses its limit. */
const shortfallSchema = z.object({
  code: refusalCodeSchema,
  value: z.number(),
  limit: z.number(),
  /** Relative to the limit: 0.1 is 10 % short of it. */
  distance: z.number().min(0),
});

export const refusedStrategySchema = z.object({
  ...judgedFields,
  /** The figure that decided: the first that falls short, in the order in which the selector looks at them. */
  ...shortfallSchema.omit({ distance: true }).shape,
  /** Of the figure that is farthest from its limit: how near this strategy was to being taken. */
  distance: z.number().min(0),
  /** Every figure that falls short, the deciding one first. */
  shortfalls: z.array(shortfallSchema),
});
export type RefusedStrategy = z.infer<typeof refusedStrategySchema>;

/** What a selection says; nothing in here changes while the results and limits stay the same. */
export const selectionContentSchema = z.object({
  /** Of the newest result that was judged; null when there was none. */
  newestScanId: z.string().nullable(),
  /** Coins with a result. */
  coins: z.int().min(0),
  judged: z.int().min(0),
  /** The limits by which it was selected, one for each code. */
  limits: z.array(z.object({ code: refusalCodeSchema, limit: z.number() })),
  takenCount: z.int().min(0),
  /** Highest PnL first. Fewer than `takenCount` when they would not fit into one item. */
  taken: z.array(selectedStrategySchema),
  refusedCount: z.int().min(0),
  /** Refusals by the figure that decided. */
  refused: z.array(z.object({ code: refusalCodeSchema, count: z.int().min(0) })),
  /** The nearest first. */
  nearestRefusals: z.array(refusedStrategySchema).max(NEAREST_REFUSALS),
});
export type SelectionContent = z.infer<typeof selectionContentSchema>;

/** The newest selection: item `selection#latest` of the table `crypto-backtest-scan-history`. */
export const selectionItemSchema = selectionContentSchema.extend({
  /** Minutes since the epoch: when the content last changed. When it was last selected is in the selector's pulse. */
  minute: z.int().min(0),
  selectorId: z.string(),
  /** Of the content. */
  contentHash: z.string(),
  /** Milliseconds. */
  updatedAt: z.int(),
  ttl: epochSecondsSchema,
});
export type SelectionItem = z.infer<typeof selectionItemSchema>;
