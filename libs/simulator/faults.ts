import { z } from "zod";

export const FAULT_KINDS = [
  /** HTTP 200, retCode 10006 "Too many visits", with Bybit's reset headers. */
  "rate-limit",
  /** HTTP 200, retCode 10016: an internal error of the exchange. */
  "server-error-code",
  /** HTTP 200, retCode 10429: the exchange's system-wide rate limit. */
  "traffic-limit",
  /** HTTP 403 "access too frequent". */
  "banned",
  /** HTTP 500 with an HTML page. */
  "http-500",
  /** The correct response, `delayMs` late. */
  "slow",
  /** The connection closes before the first byte of the response. */
  "dropped",
  /** The connection closes in the middle of the body. */
  "cut",
  /** HTTP 200 with text that is not JSON. */
  "garbage",
  /** HTTP 200 with a proxy's HTML page. */
  "html",
  /** A kline page without one of its inner rows. */
  "hole",
  /** A kline page with a duplicate row. */
  "duplicate",
  /** A kline page that ends with the running candle even if `end` lies before it. */
  "running-candle",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** A day; a timer of more than 24 days would fire at once. */
const LONGEST_DELAY_MS = 86_400_000;

const faultSchema = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  /** Only requests whose path and query contain this text; default: all. */
  path: z.string().optional(),
  /** Matching requests that succeed before the first fault. */
  after: z.int().min(0).default(0),
  /** The maximum number of faults; default: no limit. */
  times: z.int().min(1).optional(),
  /** The share of the matching requests that fail, drawn from the plan's seed. */
  probability: z.number().min(0).max(1).default(1),
  /** For `slow`: the delay; for `rate-limit`: the time until the reset. */
  delayMs: z.int().min(0).max(LONGEST_DELAY_MS).default(1_000),
});

export const faultPlanSchema = z.strictObject({
  seed: z.int().default(1),
  faults: z.array(faultSchema),
});

/** The faults to inject, as data: the first fault of the list that matches a request applies. */
export type FaultPlan = z.input<typeof faultPlanSchema>;
export type Fault = z.output<typeof faultSchema>;

export const NO_FAULTS: FaultPlan = { faults: [] };
