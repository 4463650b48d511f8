/**
 * What the caller must do, one kind a remedy:
 * - `retryable`: wait (`retryAfterMs` when the exchange said how long) and try again;
 * - `banned`: HTTP 403 "access too frequent": no call of this process for `retryAfterMs`;
 * - `unknown-symbol`: the exchange does not list the symbol (any more): never retry;
 * - `incomplete`: candles are missing after a second fetch: the work fails with this reason;
 * - `rejected`: the exchange refuses the request's parameters, or its answer does not parse.
 */
export type MarketErrorKind = "retryable" | "banned" | "unknown-symbol" | "incomplete" | "rejected";

/** A failed call to the exchange. Carries no request, so no credential can reach a log through it. */
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
