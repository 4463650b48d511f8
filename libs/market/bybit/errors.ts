import { shownValue } from "#libs/contracts/shown-value.ts";
import { MarketError, type MarketErrorKind } from "../market-error.ts";
import type { BybitReply } from "./transport.ts";

/** The wait after "too many visits" if the response does not set one; the windows are 1 to 5 seconds. */
const DEFAULT_RATE_LIMIT_WAIT_MS = 1_000;

interface Remedy {
  readonly kind: MarketErrorKind;
  readonly meaning: string;
  /** A rate limit: all requests wait, not only this one. */
  readonly slowDown?: boolean;
}

/**
 * The remedy for each return code. An unlisted code is `rejected`.
 * https://bybit-exchange.github.io/docs/v5/error
 */
const REMEDY_BY_CODE: Readonly<Record<number, Remedy>> = {
  429: { kind: "retryable", meaning: "system busy" },
  10000: { kind: "retryable", meaning: "server timeout" },
  10001: { kind: "rejected", meaning: "invalid parameter" },
  10002: { kind: "retryable", meaning: "request too late, or this machine's clock is wrong" },
  10006: { kind: "retryable", meaning: "too many requests", slowDown: true },
  10009: { kind: "banned", meaning: "IP address banned" },
  10016: { kind: "retryable", meaning: "service restarting or failing" },
  10018: { kind: "retryable", meaning: "too many requests from this IP address", slowDown: true },
  10429: { kind: "retryable", meaning: "system-wide rate limit" },
};

/** HTTP statuses that are exceptions to the rule "5xx is retryable, the rest is rejected". */
const REMEDY_BY_STATUS: Readonly<Record<number, Remedy>> = {
  403: {
    kind: "banned",
    meaning: "access too frequent, or an IP address of a country that Bybit does not serve",
  },
  408: { kind: "retryable", meaning: "request timeout" },
  425: { kind: "retryable", meaning: "too early" },
  429: { kind: "retryable", meaning: "too many requests", slowDown: true },
};

/** The messages for an unknown symbol, which share the general code 10001. */
const UNKNOWN_SYMBOL =
  /symbols?\s*(is\s*)?(invalid|not exist|does not exist)|(invalid|not supported|unknown)\s+symbols?/i;

/** A response with a return code other than 0. `subject` names the request: "kline BTCUSDT 1m". */
export function errorOfReply(
  subject: string,
  reply: { retCode: number; retMsg: string; time?: number | undefined },
  resetAtMs: number | null,
): MarketError {
  const remedy = REMEDY_BY_CODE[reply.retCode] ?? { kind: "rejected" as const, meaning: "refused" };
  const text = `${subject}: Bybit code ${reply.retCode} (${remedy.meaning}): ${excerpt(reply.retMsg)}`;
  if (reply.retCode === 10001 && UNKNOWN_SYMBOL.test(reply.retMsg)) {
    return new MarketError("unknown-symbol", text);
  }
  return new MarketError(remedy.kind, text, waitOf(remedy, reply.time ?? null, resetAtMs));
}

/** A response that is not one of the API: a proxy's page, a truncated or empty body. */
export function errorOfGarbage(subject: string, reply: BybitReply): MarketError {
  return new MarketError("retryable", `${subject}: not a Bybit response: ${describe(reply)}`);
}

/** The request exceeded its timeout. */
export function errorOfDeadline(subject: string, timeoutMs: number): MarketError {
  return new MarketError("retryable", `${subject}: no complete response within ${timeoutMs} ms`);
}

/**
 * Converts whatever the SDK throws to a `MarketError`. The only place that sees the SDK's errors: they hold the key and
 * the secret in `requestOptions` and the request's headers in `config`, so only a status, a code and a text are kept,
 * and no SDK error becomes the `cause`.
 */
export function errorOfThrown(subject: string, thrown: unknown): MarketError {
  // The SDK throws a string if the request could not be built.
  if (typeof thrown === "string") return new MarketError("rejected", `${subject}: ${excerpt(thrown)}`);
  if (!isRecord(thrown)) return new MarketError("rejected", `${subject}: failed without a reason`);

  const status = [thrown.code, thrown.status].find((value) => typeof value === "number");
  if (typeof status === "number") {
    return errorOfStatus(subject, status, isReply(thrown.body) ? thrown.body : null);
  }
  const code = typeof thrown.code === "string" ? `${thrown.code}: ` : "";
  const message = typeof thrown.message === "string" ? thrown.message : "no response";
  // Without an HTTP status there was no response: timeouts, resets, refused connections, unknown hosts.
  return new MarketError("retryable", `${subject}: ${code}${excerpt(message)}`);
}

function errorOfStatus(subject: string, status: number, reply: BybitReply | null): MarketError {
  const remedy: Remedy =
    REMEDY_BY_STATUS[status] ??
    (status >= 500
      ? { kind: "retryable", meaning: "server error" }
      : status < 300
        ? { kind: "retryable", meaning: "response without content" }
        : { kind: "rejected", meaning: "refused" });
  const body = reply === null ? "" : `: ${describe(reply)}`;
  return new MarketError(
    remedy.kind,
    `${subject}: HTTP ${status} (${remedy.meaning})${body}`,
    waitOf(remedy, null, reply?.resetAtMs ?? null),
  );
}

/** The reset header is a timestamp of the exchange's clock, so it is compared with the exchange's time. */
function waitOf(
  remedy: Remedy,
  exchangeNowMs: number | null,
  resetAtMs: number | null,
): { retryAfterMs?: number } {
  if (remedy.slowDown !== true) return {};
  if (exchangeNowMs === null || resetAtMs === null) return { retryAfterMs: DEFAULT_RATE_LIMIT_WAIT_MS };
  return { retryAfterMs: Math.max(DEFAULT_RATE_LIMIT_WAIT_MS, resetAtMs - exchangeNowMs) };
}

function describe(reply: BybitReply): string {
  if (reply.unparsed !== null) return excerpt(reply.unparsed);
  const message = isRecord(reply.body) ? reply.body.retMsg : undefined;
  return excerpt(typeof message === "string" ? message : shownValue(reply.body, 250));
}

/** Short enough for a log line; user and password of a URL are removed. */
function excerpt(text: string): string {
  const flat = text
    .slice(0, 2_000)
    .replace(/\s+/g, " ")
    .replace(/\/\/[^/@\s]*@/g, "//")
    .trim();
  if (flat === "") return "(empty)";
  return flat.length > 200 ? `${flat.slice(0, 200)}...` : flat;
}

function isReply(value: unknown): value is BybitReply {
  return isRecord(value) && "unparsed" in value && "body" in value && "resetAtMs" in value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
