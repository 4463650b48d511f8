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
  /** Positions still open at the end of the segment, which count in none of the figures above. */
  readonly open: number;
  /** What they would give if they were left at its last close, USDT. */
  readonly openPnl: number;
}

/**
 * @param nets results of the trades in the order of time, USDT.
 * @param openNet worth of the position still open at the end, USDT; null without one.
 */
export function scoreOf(nets: readonly number[], openNet: number | null = null): Score {
  let pnl = 0;
  let wins = 0;
  for (const net of nets) {
    pnl += net;
    if (net > 0) wins++;
  }
  return {
    trades: nets.length,
    wins,
    pnl,
    deviation: momentsOf(nets)?.deviation ?? 0,
    open: openNet === null ? 0 : 1,
    openPnl: openNet ?? 0,
  };
}

/** The score as if the position open at the segment's end had been left at its last close. */
export function markedToClose(score: Score): Score {
  const { open, openPnl: pnl } = score;
  if (open === 0) return score;
  const left = { trades: open, wins: pnl > 0 ? open : 0, pnl, deviation: 0, open: 0, openPnl: 0 };
  return pooled([{ ...score, open: 0, openPnl: 0 }, left]);
}

/** Mean over standard deviation of a trade, not annualised; null if the deviation is unknown or meaningless. */
export function sharpeOf({
  trades,
  pnl,
  deviation,
}: Pick<Score, "trades" | "pnl" | "deviation">): number | null {
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
    open: sum((score) => score.open),
    openPnl: sum((score) => score.openPnl),
  };
}

const FIELDS = 6;

/** The scores of many parameter sets on several segments, as one column that threads can hand over. */
export class ScoreTable {
  readonly sets: number;
  readonly segments: number;
  /** Set after set, segment after segment: trades, wins, pnl, deviation, open, openPnl. */
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
    const [trades = 0, wins = 0, pnl = 0, deviation = 0, open = 0, openPnl = 0] = this.column.subarray(
      at,
      at + FIELDS,
    );
    return { trades, wins, pnl, deviation, open, openPnl };
  }

  put(set: number, segment: number, score: Score): void {
    const { trades, wins, pnl, deviation, open, openPnl } = score;
    this.column.set([trades, wins, pnl, deviation, open, openPnl], this.#offset(set, segment));
  }

  /** Takes over the scores of sets `first`, `first + 1` and so on, on the same segments. */
  putAll(first: number, scores: ScoreTable): void {
    this.column.set(scores.column, this.#offset(first, 0));
  }

  #offset(set: number, segment: number): number {
    return (set * this.segments + segment) * FIELDS;
  }
}
