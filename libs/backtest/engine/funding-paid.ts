import { at } from "#libs/candles/at.ts";
import type { Candles, FundingRates } from "#libs/candles/candles.ts";
import { openTimeMs } from "#libs/candles/candles.ts";
import { settledUntil, settlementMs } from "#libs/strategy/indicators/funding.ts";

/** The time in which a position is held: settlements at `entryMs < s <= exitMs` count. */
export interface Holding {
  readonly direction: 1 | -1;
  readonly quantity: number;
  readonly entryMs: number;
  readonly exitMs: number;
}

/**
 * Funding of a position in USDT, positive when received: at each settlement a LONG pays the rate on the value at
 * the close of the last closed candle, a SHORT receives it. 0 without a history.
 */
export function fundingPaid(candles: Candles, funding: FundingRates | null, holding: Holding): number {
  if (funding === null) return 0;
  const { direction, quantity, entryMs, exitMs } = holding;
  let sum = 0;
  for (let k = settledUntil(funding, entryMs); k < funding.length; k++) {
    const settledMs = settlementMs(funding, k);
    if (settledMs > exitMs) break;
    const lastClosed = Math.floor((settledMs - openTimeMs(candles, 0)) / candles.intervalMs) - 1;
    sum -= direction * quantity * at(candles.close, lastClosed) * at(funding.rate, k);
  }
  return sum;
}
