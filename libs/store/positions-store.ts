import type { PositionItem } from "#libs/contracts/position-item.ts";

export type PutOutcome =
  | { readonly kind: "stored" }
  /** The same strategy and timeframe found it before: nothing was changed. */
  | { readonly kind: "repeated" }
  /** Another strategy or timeframe holds the symbol's position of this moment; the first one stays. */
  | { readonly kind: "taken"; readonly by: string }
  /** Older than its life: an item that TTL has removed must not be born again. */
  | { readonly kind: "expired" };

export interface PositionsStore {
  put(position: PositionItem): Promise<PutOutcome>;
  /** Positions with status `active` whose life is not over, newest first. */
  active(limit?: number): Promise<readonly PositionItem[]>;
  /** The same with `confidence >= minConfidence`, highest first. */
  confident(minConfidence: number, limit?: number): Promise<readonly PositionItem[]>;
}
