/** One calendar month (UTC) of a strategy. */
export interface MonthlyResult {
  readonly year: number;
  /** 0 is January. */
  readonly month: number;
  readonly trades: number;
  readonly wins: number;
  /** USDT. */
  readonly net: number;
}

interface Exit {
  readonly timeMs: number;
  readonly net: number;
}

/**
 * Every month from the first to the last moment of a window, those without a trade included. A trade counts in
 * the month of its exit, so that the months add up to the total.
 */
export function monthlyResults(
  fromMs: number,
  toMs: number,
  exits: readonly Exit[],
): readonly MonthlyResult[] {
  const monthOf = (timeMs: number): number => {
    const date = new Date(timeMs);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  };
  const first = monthOf(fromMs);
  const months = Array.from({ length: monthOf(Math.max(fromMs, toMs - 1)) - first + 1 }, (_, k) => ({
    year: Math.floor((first + k) / 12),
    month: (first + k) % 12,
    trades: 0,
    wins: 0,
    net: 0,
  }));
  for (const { timeMs, net } of exits) {
    const month = months[monthOf(timeMs) - first];
    if (month === undefined) throw new RangeError(`an exit at ${timeMs} is outside of ${fromMs} to ${toMs}`);
    month.trades++;
    month.net += net;
    if (net > 0) month.wins++;
  }
  return months;
}
