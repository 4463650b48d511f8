import { z } from "zod";
import { epochSecondsSchema } from "./messages.ts";

/**
 * Signs of life and counters of the services: items of the table `crypto-backtest-scan-history`. A service that runs
 * once at a time has one item, `pulse#<service>`. A service with workers has one item a worker,
 * `pulse#<service>#<worker>`, and under `pulse#<service>` the list of its workers, so that all are read by key.
 */
export function pulseId(service: string, worker?: string): string {
  return worker === undefined ? `pulse#${service}` : `pulse#${service}#${worker}`;
}

/** How long the last pulse is kept, in seconds: of a worker, and of a service that runs once an hour. */
export const WORKER_PULSE_LIFE_SECONDS = 15 * 60;
export const SINGLE_PULSE_LIFE_SECONDS = 24 * 60 * 60;

const count = z.int().min(0);
/** Milliseconds since the epoch; null: not yet. */
const moment = z.int().nullable();

const commonFields = {
  worker: z.string().min(1).max(200),
  /** Milliseconds. Of the process, from which `total` counts. */
  startedAt: z.int(),
  /** When this pulse was written. */
  writtenAt: z.int(),
  /** When the process stopped as it was asked to; null while it runs, and when it died. */
  stoppedAt: moment,
  /** When the service last did what it is there for: a run, a decision, a task. */
  lastWorkAt: moment,
  ttl: epochSecondsSchema,
};

/** What was counted since the process started, and in the minute before the pulse was written. */
const counted = <T extends z.ZodType>(counts: T) => ({ total: counts, lastMinute: counts });

/** Waits of messages that were to be tried again, and messages that were given up. */
const deliveryFields = { retries: count, deadLetters: count };

export const queuePulseSchema = z.object({
  queue: z.string(),
  ready: count,
  retrying: count,
  /** In the queue's dead-letter queue. */
  dead: count,
  /** How long the oldest waiting message has waited; 0 when none waits. */
  oldestAgeSeconds: z.number().min(0),
});
export type QueuePulse = z.infer<typeof queuePulseSchema>;

const selectorPulseSchema = z.object({
  service: z.literal("selector"),
  ...commonFields,
  /** Null until the first selection has worked. */
  lastRun: z
    .object({
      at: z.int(),
      durationMs: count,
      newestScanId: z.string().nullable(),
      coins: count,
      judged: count,
      taken: count,
      published: count,
    })
    .nullable(),
  /** The last run that failed; null when none has. */
  lastFailure: z.object({ at: z.int(), reason: z.string() }).nullable(),
  /** As measured before the last run, which adds its own signals. */
  queues: z.array(queuePulseSchema),
  queuesMeasuredAt: moment,
  ...counted(z.object({ runs: count, failures: count, taken: count, published: count })),
});

/** Why a strategy saw no entry, in its own words, and how often. */
export const reasonCountSchema = z.object({ reason: z.string(), count });
export type ReasonCount = z.infer<typeof reasonCountSchema>;

export const finderCountsSchema = z.object({
  /** Signals whose search has ended: the sum of the four below. */
  signals: count,
  entries: count,
  noEntry: count,
  /** Too late to be acted on. */
  stale: count,
  /** Not searched: the exchange does not list the symbol. */
  unlisted: count,
  /** Of the entries: positions stored for the first time. */
  positions: count,
  /** Of `noEntry`, the most frequent first. */
  reasons: z.array(reasonCountSchema),
  ...deliveryFields,
});
export type FinderCounts = z.infer<typeof finderCountsSchema>;

const finderPulseSchema = z.object({
  service: z.literal("finder"),
  ...commonFields,
  ...counted(finderCountsSchema),
});

const analyzerCountsSchema = z.object({
  /** Backtests that ended with figures, those without a trade included. */
  done: count,
  /** Backtests that ended without: candles missing, or given up. */
  failed: count,
  ...deliveryFields,
});

const analyzerPulseSchema = z.object({
  service: z.literal("analyzer"),
  ...commonFields,
  ...counted(analyzerCountsSchema),
});

const scannerPulseSchema = z.object({
  service: z.literal("scanner"),
  ...commonFields,
  lastScan: z
    .object({
      scanId: z.string(),
      at: z.int(),
      durationMs: count,
      universe: count,
      taken: count,
      tasks: count,
    })
    .nullable(),
  lastFailure: z.object({ at: z.int(), reason: z.string() }).nullable(),
  ...counted(z.object({ scans: count, failures: count })),
});

export const pulseSchema = z.discriminatedUnion("service", [
  scannerPulseSchema,
  analyzerPulseSchema,
  selectorPulseSchema,
  finderPulseSchema,
]);
export type Pulse = z.infer<typeof pulseSchema>;
export type PulseOf<S extends Pulse["service"]> = Extract<Pulse, { readonly service: S }>;

/** The services with a pulse; `workers`: many of them run at the same time. */
export const PULSE_SERVICES = [
  { service: "scanner", workers: false },
  { service: "analyzer", workers: true },
  { service: "selector", workers: false },
  { service: "finder", workers: true },
] as const satisfies readonly { readonly service: Pulse["service"]; readonly workers: boolean }[];

/** The workers of a service that have a pulse: item `pulse#<service>`. On the wire `workers` is a map by worker. */
export const workerListSchema = z.object({
  service: z.string(),
  workers: z.array(
    z.object({
      worker: z.string(),
      /** Seconds since the epoch: until when the worker is listed without a word from it. */
      listedUntil: epochSecondsSchema,
    }),
  ),
  ttl: epochSecondsSchema,
});
export type WorkerList = z.infer<typeof workerListSchema>;
