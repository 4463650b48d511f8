import type { CandleBlock } from "../candle-block.ts";
import { at } from "../candle-page.ts";
import type { Contract } from "./contract.ts";

export interface MinutePart {
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly turnover: number;
}

/**
 * A minute candle after a fraction of its minute (0 = it has just opened, below 1). Within the minute the price moves
 * linearly from the open to one extreme, to the other, and to the close, a third of the time each; a rising candle
 * reaches its low first. So a running candle only widens and ends as the closed one.
 */
export function valueWithin(
  block: CandleBlock,
  row: number,
  fraction: number,
  contract: Contract,
): MinutePart {
  const open = at(block.open, row);
  const high = at(block.high, row);
  const low = at(block.low, row);
  const close = at(block.close, row);
  const rising = close >= open;
  const stops = rising ? [open, low, high, close] : [open, high, low, close];
  const leg = Math.min(2, Math.floor(fraction * 3));
  const from = at(stops, leg);
  const to = at(stops, leg + 1);
  const tick = contract.tickUnits;
  const price = Math.round((from + (to - from) * (fraction * 3 - leg)) / tick) * tick;
  let highest = price;
  let lowest = price;
  for (let i = 0; i <= leg; i++) {
    highest = Math.max(highest, at(stops, i));
    lowest = Math.min(lowest, at(stops, i));
  }
  const step = contract.quantityStepUnits;
  const volume = Math.floor((at(block.volume, row) * fraction) / step) * step;
  const whole = at(block.volume, row);
  const turnover = whole === 0 ? 0 : Math.round((at(block.turnover, row) * volume) / whole);
  return { high: highest, low: lowest, close: price, volume, turnover };
}
