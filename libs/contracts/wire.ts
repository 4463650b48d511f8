import type { z } from "zod";

/**
 * The one mapper between TypeScript (camelCase) and the wire: queue messages and table items (snake_case).
 * A schema is written once, in camelCase; `volatility24h` is `volatility_24h` on the wire. Keys that are data
 * and not names (`BTCUSDT`, `1m`, `BASIC`) pass unchanged, for they do not look like names of either style.
 */
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;
const CAMEL_CASE = /^[a-z]+[a-z0-9]*([A-Z0-9][a-z0-9]*)+$/;

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

/** As deep as a DynamoDB item may be; ours are four levels deep. Without a limit a message could end the stack. */
const MAX_DEPTH = 32;

function mapKeys(value: unknown, mapKey: (key: string) => string, refused: string, depth = 0): unknown {
  if (value === null || typeof value !== "object" || value instanceof Set) return value;
  if (depth === MAX_DEPTH) throw new ContractError(`${refused}: nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((entry) => mapKeys(entry, mapKey, refused, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [mapKey(key), mapKeys(entry, mapKey, refused, depth + 1)]),
  );
}

/** What does not parse at a boundary: names each wrong field, as it is called on the wire, and its value. */
export class ContractError extends Error {
  override readonly name = "ContractError";
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(JSON.stringify(value) ?? value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      at === null || typeof at !== "object" ? undefined : (at as Record<PropertyKey, unknown>)[key],
    value,
  );
}

/** Each wrong field of a failed parse as `field: reason (got value)`, joined by `; `. */
export function describeIssues(
  error: z.ZodError,
  input: unknown,
  rename: (key: string) => string = (k) => k,
): string {
  return error.issues
    .map((issue) => {
      const field = issue.path.map((key) => rename(String(key))).join(".") || "value";
      return `${field}: ${issue.message} (got ${shown(valueAt(input, issue.path))})`;
    })
    .join("; ");
}

/**
 * Parses a value from the wire (snake_case) into the schema's type.
 * @param what names the thing in the error: "backtest-tasks message", "results item".
 * @throws ContractError naming every wrong field and its value.
 */
export function fromWire<T>(schema: z.ZodType<T>, wire: unknown, what: string): T {
  const refused = `${what} does not parse`;
  const camel = mapKeys(wire, camelKey, refused);
  const parsed = schema.safeParse(camel);
  if (!parsed.success) {
    throw new ContractError(`${refused}: ${describeIssues(parsed.error, camel, snakeKey)}`);
  }
  return parsed.data;
}

/**
 * Checks a value against its schema and renames it for the wire. Fields that are `undefined` are left out;
 * NaN and infinities are refused by the schema's numbers, so they never reach a message or an item.
 * @throws ContractError naming every wrong field and its value.
 */
export function toWire<T>(schema: z.ZodType<T>, value: T, what: string): Record<string, unknown> {
  const refused = `${what} cannot be written`;
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ContractError(`${refused}: ${describeIssues(parsed.error, value, snakeKey)}`);
  }
  return mapKeys(parsed.data, snakeKey, refused) as Record<string, unknown>;
}
