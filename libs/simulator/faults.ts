import { z } from "zod";

export const FAULT_KINDS = [
  /** HTTP 200, retCode 10006 "Too many visits", with Bybit's reset headers. */
  "rate-limit",
  /** HTTP 200, retCode 10016: the exchange's own trouble. */
  "server-error-code",
  /** HTTP 200, retCode 10429: the exchange protects itself from all its callers. */
  "traffic-limit",
  /** HTTP 403 "access too frequent". */
  "banned",
  /** HTTP 500 with an HTML page. */
  "http-500",
  /** The right answer, `delayMs` late. */
  "slow",
  /** The connection ends before any byte of an answer. */
  "dropped",
  /** The connection ends in the middle of the body. */
  "cut",
  /** HTTP 200 with text that is no JSON. */
  "garbage",
  /** HTTP 200 with a proxy's HTML page. */
  "html",
  /** A kline page without one of its inner rows. */
  "hole",
  /** A kline page with one row twice. */
  "duplicate",
  /** A kline page that ends with the running candle even when `end` lies before it. */
  "running-candle",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** A day; a timer beyond 24 of them would fire at once. */
const LONGEST_DELAY_MS = 86_400_000;

const faultSchema = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  /** Only requests whose path and query contain this text; all without it. */
  path: z.string().optional(),
  /** Fitting requests that are let through before the first fault. */
  after: z.int().min(0).default(0),
  /** How many requests are hit at most; no limit without it. */
  times: z.int().min(1).optional(),
  /** Share of the fitting requests that are hit, drawn from the plan's seed. */
  probability: z.number().min(0).max(1).default(1),
  /** For `slow`; for `rate-limit` how far ahead the reset lies. */
  delayMs: z.int().min(0).max(LONGEST_DELAY_MS).default(1_000),
});

export const faultPlanSchema = z.strictObject({
  seed: z.int().default(1),
  faults: z.array(faultSchema),
});

/** What shall go wrong, as data: the first fault of the list that fits a request hits it. */
export type FaultPlan = z.input<typeof faultPlanSchema>;
export type Fault = z.output<typeof faultSchema>;

export const NO_FAULTS: FaultPlan = { faults: [] };
