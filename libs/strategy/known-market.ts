import { at } from "#libs/candles/at.ts";
import { endMs, openTimeMs } from "#libs/candles/candles.ts";
import { FRAMES, frameWindow } from "./frames.ts";
import { FUNDING_MAX_AGE_MS, settledUntil, settlementMs } from "./indicators/funding.ts";
import { BTC_SYMBOL, frameSeries, type StudyInput } from "./study.ts";
import { FIRST_DECISION_INDEX } from "./warm-up.ts";

/** What the decisions of a window can know at most, whatever the prices are. */
export interface KnownMarket {
  /** Candles of the series, those before the window included. */
  readonly candles: number;
  /** Candles of the window that can be decided about and have a next one to enter at. */
  readonly decisions: number;
  /** Most candles of BTCUSDT that one of the decisions sees, the one of its own time included; 0 when none does. */
  readonly btcCandles: number;
  /** The lowest and the highest settled rate that a decision sees; null when none sees one. */
  readonly fundingRates: { readonly lowest: number; readonly highest: number } | null;
  /** Fibonacci frames, by name, that have a full window at one of the decisions. */
  readonly frames: readonly string[];
}

/** @param firstIndex first candle of the window; those before it only warm up. */
export function knownMarket(input: StudyInput, firstIndex = 0): KnownMarket {
  const { candles } = input;
  const first = Math.max(FIRST_DECISION_INDEX, firstIndex);
  const last = candles.length - 2;
  const decisions = Math.max(0, last - first + 1);
  if (decisions === 0) {
    return { candles: candles.length, decisions, btcCandles: 0, fundingRates: null, frames: [] };
  }
  const firstMs = openTimeMs(candles, first + 1);
  const lastMs = openTimeMs(candles, last + 1);
  return {
    candles: candles.length,
    decisions,
    btcCandles: btcCandles(input, first, last),
    fundingRates: fundingRates(input, firstMs, lastMs),
    frames: FRAMES.filter((frame) => {
      const series = frameSeries(input, frame);
      if (series === null) return false;
      const fullMs = openTimeMs(series, frameWindow(frame, input.timeframe));
      // Beyond the end of its series a frame's last window is not known.
      return fullMs <= endMs(series) && fullMs <= lastMs && endMs(series) + series.intervalMs > firstMs;
    }).map(({ name }) => name),
  };
}

function btcCandles(input: StudyInput, first: number, last: number): number {
  const { candles } = input;
  const btc = input.symbol === BTC_SYMBOL ? candles : input.btc;
  if (btc === null) return 0;
  const offset = (candles.startMs - btc.startMs) / candles.intervalMs;
  const newest = Math.min(last + offset, btc.length - 1);
  return newest >= Math.max(0, first + offset) ? newest + 1 : 0;
}

function fundingRates({ funding }: StudyInput, firstMs: number, lastMs: number): KnownMarket["fundingRates"] {
  if (funding === null) return null;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  // The rate that counts at the first decision was settled before it.
  const first = Math.max(0, settledUntil(funding, firstMs) - 1);
  const end = settledUntil(funding, lastMs);
  for (let k = first; k < end; k++) {
    if (settlementMs(funding, k) + FUNDING_MAX_AGE_MS < firstMs) continue;
    lowest = Math.min(lowest, at(funding.rate, k));
    highest = Math.max(highest, at(funding.rate, k));
  }
  return lowest <= highest ? { lowest, highest } : null;
}
