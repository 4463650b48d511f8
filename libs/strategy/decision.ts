export type Side = "LONG" | "SHORT";

/** A strategy's word on one closed candle. */
export type Decision = Signal | NoSignal;

export interface Signal {
  readonly kind: "signal";
  readonly side: Side;
  /** 0 to 100. */
  readonly confidence: number;
  /** Sentences for people, strongest first. */
  readonly reasons: readonly string[];
}

export interface NoSignal {
  readonly kind: "none";
  /** Why not, as a sentence for people: the condition that failed. */
  readonly reason: string;
}

/** A refusal made once and answered often, so that the backtest's loop allocates nothing for it. */
export function noSignal(reason: string): NoSignal {
  return Object.freeze({ kind: "none", reason });
}
