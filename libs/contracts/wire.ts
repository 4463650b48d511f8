import type { z } from "zod";
import { shownValue } from "./shown-value.ts";

/**
 * The one mapper between TypeScript (camelCase) and the wire: queue messages and table items (snake_case).
 * A schema is written once, in camelCase; `volatility24h` is `volatility_24h` on the wire. Keys that are data
 * and not names (`BTCUSDT`, `1m`, `BASIC`) pass unchanged, because they match neither style.
 */
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;
/** The parts are disjoint, so a hostile key cannot cause catastrophic backtracking. */
const CAMEL_CASE = /^[a-z]+[A-Z0-9][A-Za-z0-9]*$/;

function snakeKey(key: string): string {
  if (!CAMEL_CASE.test(key)) return key;
  return key.replace(/([a-z0-9])([A-Z])|([a-z])(\d)/g, (_, a, b, c, d) =>
    a === undefined ? `${c}_${d}` : `${a}_${b.toLowerCase()}`,
  );
}

function camelKey(key: string): string {
  if (!SNAKE_CASE.test(key)) return key;
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The limit of a DynamoDB item; ours are four levels deep. Without a limit a message could overflow the stack. */
const MAX_DEPTH = 32;

function mapKeys(value: unknown, mapKey: (key: string) => string, refused: string, depth = 0): unknown {
  if (value === null || typeof value !== "object" || value instanceof Set) return value;
  if (depth === MAX_DEPTH) throw new ContractError(`${refused}: nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((entry) => mapKeys(entry, mapKey, refused, depth + 1));
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const renamed = Object.fromEntries(
    entries.map(([key, entry]) => [mapKey(key), mapKeys(entry, mapKey, refused, depth + 1)]),
  );
  if (Object.keys(renamed).length < entries.length)
    throw new ContractError(`${refused}: ${twice(entries, mapKey)}`);
  return renamed;
}

/** Names the key that is present in both styles: choosing one of the two values would be a guess. */
function twice(entries: readonly (readonly [string, unknown])[], mapKey: (key: string) => string): string {
  const seen = new Set<string>();
  const repeated = entries.find(([key]) => seen.size === seen.add(mapKey(key)).size);
  return `${shownValue(repeated?.[0] ?? "")}: the field is present twice, in snake case and in camel case`;
}

/** Data that does not match its contract: names each invalid field, as spelled on the wire, and its value. */
export class ContractError extends Error {
  override readonly name = "ContractError";
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      at === null || typeof at !== "object" ? undefined : (at as Record<PropertyKey, unknown>)[key],
    value,
  );
}

/** Listing more invalid fields adds nothing; a list of thousands may have one in each entry. */
const MOST_ISSUES = 10;
const LONGEST_FIELD = 120;
const LONGEST_REASON = 200;

/** Each invalid field of a failed parse as `field: reason (got value)`, joined by `; `; at most the first ten. */
export function describeIssues(
  error: z.ZodError,
  input: unknown,
  rename: (key: string) => string = (k) => k,
): string {
  const described = error.issues.slice(0, MOST_ISSUES).map((issue) => {
    const field = issue.path.map((key) => rename(String(key))).join(".") || "value";
    const reason = shortened(issue.message, LONGEST_REASON);
    return `${shortened(field, LONGEST_FIELD)}: ${reason} (got ${shownValue(valueAt(input, issue.path))})`;
  });
  const more = error.issues.length - described.length;
  return [...described, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

/**
 * Parses a value from the wire (snake_case) into the schema's type.
 * @param what names the value in the error: "backtest-tasks message", "results item".
 * @throws ContractError naming every invalid field and its value.
 */
export function fromWire<T>(schema: z.ZodType<T>, wire: unknown, what: string): T {
  const refused = `${what} is invalid`;
  const camel = mapKeys(wire, camelKey, refused);
  const parsed = schema.safeParse(camel);
  if (!parsed.success) {
    throw new ContractError(`${refused}: ${describeIssues(parsed.error, camel, snakeKey)}`);
  }
  return parsed.data;
}

/**
 * Checks a value against its schema and renames it for the wire. Fields that are `undefined` are left out;
 * NaN and infinities are rejected by the schema's numbers, so they never reach a message or an item.
 * @throws ContractError naming every invalid field and its value.
 */
export function toWire<T>(schema: z.ZodType<T>, value: T, what: string): Record<string, unknown> {
  const refused = `${what} cannot be written`;
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ContractError(`${refused}: ${describeIssues(parsed.error, value, snakeKey)}`);
  }
  return mapKeys(parsed.data, snakeKey, refused) as Record<string, unknown>;
}
