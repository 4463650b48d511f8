import type { FundingRates } from "#libs/candles/candles.ts";
import { makeCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { noSignal } from "#libs/strategy/decision.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import type { StudyInput } from "#libs/strategy/study.ts";

const NOTHING = noSignal("no mark");

/** Signals LONG on a volume of 1 and SHORT on a volume of 2. */
export const MARKED: Strategy = {
  name: "MARKED",
  description: "signals where the candle says so",
  defaults: {},
  decide(view) {
    const mark = view.volume();
    if (mark !== 1 && mark !== 2) return NOTHING;
    return { kind: "signal", side: mark === 1 ? "LONG" : "SHORT", confidence: 70, reasons: [] };
  },
};

export type Row = readonly [open: number, high: number, low: number, close: number, mark?: number];
export const FLAT: Row = [100, 100, 100, 100];
export const LONG: Row = [100, 100, 100, 100, 1];
export const SHORT: Row = [100, 100, 100, 100, 2];

/** Flat candles before the given ones: the first of those is the one that is decided about first. */
export const FLAT_CANDLES = 60;

/** One-minute candles from the epoch on: sixty flat ones, then the given ones. */
export function markedInput(rows: readonly Row[], funding: FundingRates | null = null): StudyInput {
  const all = [...Array.from({ length: FLAT_CANDLES }, () => FLAT), ...rows];
  const column = (k: 0 | 1 | 2 | 3) => all.map((row) => row[k]);
  const candles = makeCandles(MINUTE_MS, {
    openTimeMs: all.map((_, i) => i * MINUTE_MS),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: all.map((row) => row[4] ?? 0),
  });
  return { symbol: "XUSDT", timeframe: "1m", candles, frameCandles: new Map(), btc: null, funding };
}
