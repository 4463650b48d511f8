/**
 * What the caller must do, one kind per remedy:
 * - `retryable`: wait (`retryAfterMs` if the exchange set it) and retry;
 * - `banned`: HTTP 403 "access too frequent": no request of this process for `retryAfterMs`;
 * - `unknown-symbol`: the exchange does not list the symbol (any more): never retry;
 * - `incomplete`: candles are still missing after further fetches: the work fails with this reason;
 * - `rejected`: the exchange rejects the request's parameters, or its response is invalid.
 */
export type MarketErrorKind = "retryable" | "banned" | "unknown-symbol" | "incomplete" | "rejected";

/** A failed request to the exchange. It does not hold the request, so it cannot leak credentials to a log. */
export class MarketError extends Error {
  override readonly name = "MarketError";
  readonly kind: MarketErrorKind;
  readonly retryAfterMs: number | null;

  constructor(
    kind: MarketErrorKind,
    message: string,
    options: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
