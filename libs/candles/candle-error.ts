/** Candles that do not form a whole series. `timeMs` is the first offending open time. */
export class CandleError extends Error {
  override readonly name = "CandleError";
  readonly timeMs: number;
  /** What is wrong, without the time: "high 3 is below low 4". */
  readonly problem: string;
  /** Position of the offending candle in what was given. */
  readonly index: number;

  constructor(problem: string, timeMs: number, index: number) {
    super(`candle at ${showTime(timeMs)}: ${problem}`);
    this.problem = problem;
    this.timeMs = timeMs;
    this.index = index;
  }
}

/** A timestamp in both notations: `2025-05-29T17:05:00.000Z (1748538300000)`. */
export function showTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? String(timeMs) : `${date.toISOString()} (${timeMs})`;
}
