import { z } from "zod";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { MarketError } from "../market-error.ts";

/** The largest timestamp of a `Date`, in milliseconds. */
const LAST_MOMENT_MS = 8.64e15;

/** A response as the transport returns it; see `BybitReply`. */
export const replySchema = z.object({
  body: z.unknown(),
  unparsed: z.string().nullable(),
  resetAtMs: z.number().nullable(),
});

/** The envelope of every v5 result. https://bybit-exchange.github.io/docs/v5/guide#parse-response */
export const envelopeSchema = z.object({
  retCode: z.int(),
  retMsg: z.string().default(""),
  result: z.unknown(),
  /** Milliseconds. Absent only in some errors of the exchange's gateways. */
  time: z.int().positive().max(LAST_MOMENT_MS).optional(),
});

/** Lists whose rows are parsed one by one, so that one invalid row does not invalidate the others. */
export const listSchema = z.object({ list: z.array(z.unknown()) });

export const pagedListSchema = listSchema.extend({ nextPageCursor: z.string().default("") });

/** The rows are parsed in `candle-grid.ts`: a schema would be too slow for millions of rows. */
export const klineSchema = listSchema.extend({ symbol: z.string().default("") });

/** The exchange sends numbers as text. */
const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/, "is not a decimal number")
  .transform(Number)
  .refine(Number.isFinite, "is out of range");
const price = decimal.refine((value) => value > 0, "is not a positive price");
const amount = decimal.refine((value) => value >= 0, "is negative");
/** An empty string where a figure does not apply, such as the funding rate of a dated future. */
const decimalOrNone = z.union([z.literal("").transform(() => null), decimal]);
/** Milliseconds as text; "0" (or an empty string) means never. */
const moment = z
  .string()
  .regex(/^\d*$/, "is not a timestamp in milliseconds")
  .transform((text) => (Number(text) === 0 ? null : Number(text)))
  .refine((timeMs) => timeMs === null || timeMs <= LAST_MOMENT_MS, "is not a timestamp in milliseconds");
const step = z
  .string()
  .regex(/^\d{1,30}(\.\d{1,30})?$/, "is not a step")
  .refine((text) => Number(text) > 0, "is not a positive step");

/** As a fraction. A larger value in percent could overflow. */
const MOST_CHANGE = 1e9;

export const tickerRowSchema = z.object({
  symbol: z.string().min(1),
  lastPrice: price,
  highPrice24h: price,
  lowPrice24h: price,
  /** A fraction: "0.015" is +1.5 %. */
  price24hPcnt: decimal.refine((value) => Math.abs(value) < MOST_CHANGE, "is not a plausible price change"),
  turnover24h: amount,
  fundingRate: decimalOrNone.default(null),
});
export type TickerRow = z.infer<typeof tickerRowSchema>;

export const instrumentRowSchema = z.object({
  symbol: z.string().min(1),
  contractType: z.string(),
  status: z.string(),
  baseCoin: z.string(),
  quoteCoin: z.string(),
  launchTime: moment,
  deliveryTime: moment,
  priceFilter: z.object({ tickSize: step }),
  lotSizeFilter: z.object({ qtyStep: step, minNotionalValue: decimalOrNone.default(null) }),
  /** Minutes; 0 without funding, as for dated futures. */
  fundingInterval: z.number().min(0),
  /** Absent before 2024. */
  symbolType: z.string().default(""),
});
export type InstrumentRow = z.infer<typeof instrumentRowSchema>;

export const fundingRowSchema = z.object({
  fundingRate: decimal,
  fundingRateTimestamp: z.string().regex(/^\d+$/, "is not a timestamp in milliseconds").transform(Number),
});
export type FundingRow = z.infer<typeof fundingRowSchema>;

/** Parses, or throws a `MarketError` of kind `rejected` that names the field and the value. */
export function parsed<T>(subject: string, schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const { field, found, problem } = firstProblem(outcome.error, value);
  throw refusal(subject, field, found, problem);
}

export function refusal(subject: string, field: string, found: unknown, wanted: string): MarketError {
  const shown = found === undefined ? "nothing" : shownValue(found, 100);
  return new MarketError("rejected", `${subject}: field ${field} is ${shown}: ${wanted}`);
}

/** The first problem of a value: its field, the value and the reason. */
export function firstProblem(
  error: z.ZodError,
  value: unknown,
): { field: string; found: unknown; problem: string } {
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  let found = value;
  for (const key of path) {
    found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  }
  return {
    field: path.length === 0 ? "result" : path.map(String).join("."),
    found,
    problem: issue?.message ?? "is invalid",
  };
}
