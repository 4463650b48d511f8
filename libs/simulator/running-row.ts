/** A candle that is being aggregated from shorter ones. */
export interface Row {
  readonly open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  turnover: number;
}

export function startRow(open: number): Row {
  return { open, high: open, low: open, close: open, volume: 0, turnover: 0 };
}

export function accumulate(
  row: Row,
  high: number,
  low: number,
  close: number,
  volume: number,
  turnover: number,
): void {
  if (high > row.high) row.high = high;
  if (low < row.low) row.low = low;
  row.close = close;
  row.volume += volume;
  row.turnover += turnover;
}
