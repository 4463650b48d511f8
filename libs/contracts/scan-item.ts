import { z } from "zod";
import { epochSecondsSchema, symbolSchema, timeframeSchema } from "./messages.ts";

/** How long a scan is kept, in seconds. */
export const SCAN_LIFE_SECONDS = 7 * 24 * 60 * 60;

/** Named after the hour: two scanners started in the same hour run the same scan. */
export function scanIdOf(nowMs: number): string {
  return `scan-${new Date(nowMs).toISOString().slice(0, 13)}`;
}

/** One symbol of the exchange as the scan saw it: taken with its rank, or refused with the reason. */
export const universeEntrySchema = z.object({
  /** As the exchange prints it: dated futures such as `BTCUSDT-25DEC26` are listed (and refused) too. */
  symbol: z.string(),
  volatility24h: z.number().nullable(),
  turnover: z.number(),
  price: z.number(),
  priceChange24h: z.number(),
  /** 1 is the most volatile of those that passed the filters; null for the refused. */
  rank: z.int().min(1).nullable(),
  taken: z.boolean(),
  /** Why it was not taken; absent for the taken. */
  reason: z.string().optional(),
});
export type UniverseEntry = z.infer<typeof universeEntrySchema>;

/** The id under which the ranked universe of a scan is stored, beside the scan's own small, often updated item. */
export function universeId(scanId: string): string {
  return `${scanId}#universe`;
}

export const universeItemSchema = z.object({
  scanId: z.string(),
  scanTimestamp: epochSecondsSchema,
  universe: z.array(universeEntrySchema),
  ttl: epochSecondsSchema,
});
export type UniverseItem = z.infer<typeof universeItemSchema>;

/** `started`: the lease is held; `published`: every task is in the queue; `completed`: every task has ended. */
const SCAN_STATUSES = ["started", "published", "completed"] as const;

/**
 * One scan and its progress: table `crypto-backtest-scan-history`.
 * The sets hold `<symbol>:<timeframe>`; a task is in one of them at most, so a repeated delivery counts once.
 */
export const scanItemSchema = z.object({
  scanId: z.string(),
  scanTimestamp: epochSecondsSchema,
  status: z.enum(SCAN_STATUSES),
  /** Who holds the lease, and until when (milliseconds); a scan left unfinished is taken over after it. */
  scannerId: z.string(),
  leaseUntil: z.int(),
  universeCount: z.int().min(0),
  selectedCount: z.int().min(0),
  /** The coins taken, the most volatile first. */
  selected: z.array(symbolSchema),
  timeframes: z.array(timeframeSchema),
  totalTasks: z.int().min(0),
  completedTasks: z.int().min(0),
  noTradesTasks: z.int().min(0),
  failedTasks: z.int().min(0),
  pendingTasks: z.int().min(0),
  completed: z.set(z.string()).optional(),
  noTrades: z.set(z.string()).optional(),
  failed: z.set(z.string()).optional(),
  /** Milliseconds. */
  startedAt: z.int(),
  publishedAt: z.int().optional(),
  completedAt: z.int().optional(),
  /** Milliseconds from the start to the last task's end. */
  duration: z.int().optional(),
  ttl: epochSecondsSchema,
});
export type ScanItem = z.infer<typeof scanItemSchema>;
