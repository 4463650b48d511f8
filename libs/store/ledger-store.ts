import type { LedgerItem, LedgerKey, LedgerOutcome, Parity } from "#libs/contracts/ledger-item.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";

export type RecordSignalOutcome =
  | { readonly kind: "recorded" }
  /** The same strategy and timeframe recorded it before. The position it recorded is the one to store. */
  | { readonly kind: "repeated"; readonly position: PositionItem }
  /** Another strategy or timeframe holds the symbol's signal of this moment; the first one stays. */
  | { readonly kind: "taken"; readonly by: string }
  /** Older than its position's life: nothing may be stored for it. */
  | { readonly kind: "expired" };

export interface SignalQuery {
  /** Signal timestamps in seconds, both inclusive. */
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly symbol?: string | undefined;
}

export interface LedgerStore {
  /**
   * Records a signal before its position is stored: who holds the signal of a symbol and moment may store the position.
   */
  record(item: LedgerItem): Promise<RecordSignalOutcome>;
  /** The signals that are still followed, oldest first. */
  open(): Promise<readonly LedgerItem[]>;
  /**
   * Stores an outcome. A settled one is final.
   * @returns false when it is not newer than what is stored, or the signal is not there: nothing was changed.
   */
  settle(key: LedgerKey, outcome: LedgerOutcome): Promise<boolean>;
  /**
   * Stores a comparison with a backtest, once.
   * @returns false when the signal was compared before, or is not there: nothing was changed.
   */
  compare(key: LedgerKey, parity: Parity): Promise<boolean>;
  get(key: LedgerKey): Promise<LedgerItem | null>;
  /** Signals of a span of time, oldest first. */
  between(query: SignalQuery): Promise<readonly LedgerItem[]>;
}
