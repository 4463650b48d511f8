import type { SelectionContent, SelectionItem } from "#libs/contracts/selection-item.ts";

export type SelectionOutcome =
  | { readonly kind: "stored" }
  /** The stored selection says the same: nothing was written. */
  | { readonly kind: "unchanged" }
  /** A selection of a later minute is stored: it stays. */
  | { readonly kind: "overtaken" };

export interface SelectionStore {
  /** Stores what a minute's selection says, if it says anything new. */
  record(selection: {
    readonly content: SelectionContent;
    /** Minutes since the epoch. */
    readonly minute: number;
    readonly selectorId: string;
  }): Promise<SelectionOutcome>;
  /** Null when there is none or it has expired. */
  latest(): Promise<SelectionItem | null>;
}
