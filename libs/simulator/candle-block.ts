/**
 * The candles of one contract, interval and UTC day, as compact columns of whole numbers. Row `i` starts
 * at `startMs + i * intervalMs`; rows before `first` and from `end` on do not exist (the contract was
 * launched or ended within the day).
 */
export interface CandleBlock {
  readonly startMs: number;
  readonly intervalMs: number;
  readonly first: number;
  readonly end: number;
  readonly open: Int32Array;
  readonly high: Int32Array;
  readonly low: Int32Array;
  readonly close: Int32Array;
  readonly volume: Float64Array;
  readonly turnover: Float64Array;
}

export function emptyBlock(
  startMs: number,
  intervalMs: number,
  rows: number,
  first: number,
  end: number,
): CandleBlock {
  return {
    startMs,
    intervalMs,
    first,
    end,
    open: new Int32Array(rows),
    high: new Int32Array(rows),
    low: new Int32Array(rows),
    close: new Int32Array(rows),
    volume: new Float64Array(rows),
    turnover: new Float64Array(rows),
  };
}

/** The size of a block in bytes, with an allowance for its objects. */
export function blockBytes(block: CandleBlock): number {
  return block.open.length * 32 + 1200;
}

/** Aggregates a day to longer candles: `factor` rows become one. A launch within the day gives a short first candle. */
export function aggregateBlock(block: CandleBlock, factor: number): CandleBlock {
  const rows = Math.ceil(block.open.length / factor);
  const result = emptyBlock(
    block.startMs,
    block.intervalMs * factor,
    rows,
    Math.floor(block.first / factor),
    block.end <= block.first ? Math.floor(block.first / factor) : Math.ceil(block.end / factor),
  );
  const { open, high, low, close, volume, turnover } = block;
  for (let row = result.first; row < result.end; row++) {
    const from = Math.max(block.first, row * factor);
    const to = Math.min(block.end, (row + 1) * factor);
    let highest = high[from] ?? 0;
    let lowest = low[from] ?? 0;
    let volumeSum = 0;
    let turnoverSum = 0;
    for (let i = from; i < to; i++) {
      const h = high[i] ?? 0;
      const l = low[i] ?? 0;
      if (h > highest) highest = h;
      if (l < lowest) lowest = l;
      volumeSum += volume[i] ?? 0;
      turnoverSum += turnover[i] ?? 0;
    }
    result.open[row] = open[from] ?? 0;
    result.high[row] = highest;
    result.low[row] = lowest;
    result.close[row] = close[to - 1] ?? 0;
    result.volume[row] = volumeSum;
    result.turnover[row] = turnoverSum;
  }
  return result;
}
