import { endedAlike } from "../statistics/ended-alike.ts";
import { momentsOf } from "../statistics/moments.ts";

/** What one parameter set earned on one segment of candles: what a search compares. */
export interface Score {
  readonly trades: number;
  readonly wins: number;
  /** USDT. */
  readonly pnl: number;
  /** Standard deviation of a trade's result, USDT; 0 with fewer than two trades or equal ones. */
  readonly deviation: number;
}

/** @param nets results of the trades in the order of time, USDT. */
export function scoreOf(nets: readonly number[]): Score {
  let pnl = 0;
  let wins = 0;
  for (const net of nets) {
    pnl += net;
    if (net > 0) wins++;
  }
  return { trades: nets.length, wins, pnl, deviation: momentsOf(nets)?.deviation ?? 0 };
}

/** Mean over standard deviation of a trade, not annualised; null where the deviation is not known or tells nothing. */
export function sharpeOf({ trades, pnl, deviation }: Score): number | null {
  if (deviation === 0 || endedAlike(pnl / trades, deviation)) return null;
  return pnl / trades / deviation;
}

/** The score of all the trades of several segments together, from their sums of squares about their means. */
export function pooled(scores: readonly Score[]): Score {
  const sum = (amount: (score: Score) => number): number =>
    scores.reduce((total, score) => total + amount(score), 0);
  const trades = sum((score) => score.trades);
  const pnl = sum((score) => score.pnl);
  const mean = trades === 0 ? 0 : pnl / trades;
  const squares = sum((score) => {
    if (score.trades === 0) return 0;
    return score.deviation ** 2 * (score.trades - 1) + score.trades * (score.pnl / score.trades - mean) ** 2;
  });
  // Equal results differ by rounding; see `momentsOf`.
  const known = trades > 1 && Math.sqrt(squares / trades) > 1e-10 * Math.abs(mean);
  return {
    trades,
    wins: sum((score) => score.wins),
    pnl,
    deviation: known ? Math.sqrt(squares / (trades - 1)) : 0,
  };
}

const FIELDS = 4;

/** The scores of many parameter sets on several segments, as one column that threads can hand over. */
export class ScoreTable {
  readonly sets: number;
  readonly segments: number;
  /** Set after set, segment after segment: trades, wins, pnl, deviation. */
  readonly column: Float64Array<ArrayBuffer>;

  /** @throws RangeError when a column is given that is not of this size. */
  constructor(
    sets: number,
    segments: number,
    column: Float64Array<ArrayBuffer> = new Float64Array(sets * segments * FIELDS),
  ) {
    if (column.length !== sets * segments * FIELDS) {
      throw new RangeError(
        `${column.length} numbers are not the scores of ${sets} sets on ${segments} segments`,
      );
    }
    this.sets = sets;
    this.segments = segments;
    this.column = column;
  }

  get(set: number, segment: number): Score {
    const at = this.#offset(set, segment);
    const [trades = 0, wins = 0, pnl = 0, deviation = 0] = this.column.subarray(at, at + FIELDS);
    return { trades, wins, pnl, deviation };
  }

  put(set: number, segment: number, score: Score): void {
    this.column.set([score.trades, score.wins, score.pnl, score.deviation], this.#offset(set, segment));
  }

  /** Takes over the scores of sets `first`, `first + 1` and so on, on the same segments. */
  putAll(first: number, scores: ScoreTable): void {
    this.column.set(scores.column, this.#offset(first, 0));
  }

  #offset(set: number, segment: number): number {
    return (set * this.segments + segment) * FIELDS;
  }
}
