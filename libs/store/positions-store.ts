import type { PositionItem } from "#libs/contracts/position-item.ts";

export type PutOutcome =
  | { readonly kind: "stored" }
  /** The same strategy and timeframe stored it before; nothing changed. */
  | { readonly kind: "repeated" }
  /** Another strategy or timeframe holds the symbol's position for this candle; the first one stays. */
  | { readonly kind: "taken"; readonly by: string }
  /** It has expired: an item that TTL has removed must not be created again. */
  | { readonly kind: "expired" };

export interface PositionsStore {
  put(position: PositionItem): Promise<PutOutcome>;
  /** Positions with status `active` that have not expired, newest first. */
  active(limit?: number): Promise<readonly PositionItem[]>;
  /** The same with `confidence >= minConfidence`, highest first. */
  confident(minConfidence: number, limit?: number): Promise<readonly PositionItem[]>;
}
