import { aggregate } from "#libs/candles/aggregate.ts";
import { type Candles, endMs, type FundingRates } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { madeCandles, madeFunding } from "./made-candles.ts";

export interface MadeInputOptions {
  readonly timeframe?: Timeframe;
  readonly baseMs?: number;
  readonly length?: number;
  readonly seed?: number;
  readonly volatilityPercent?: number;
}

/** A whole made market: the symbol with its frames joined from the base, BTC and funding. */
export function madeInput(options: MadeInputOptions = {}): StudyInput {
  const {
    timeframe = "5m",
    baseMs = MINUTE_MS,
    length = 12_000,
    seed = 1,
    volatilityPercent = 0.08,
  } = options;
  const base = madeCandles({ length, seed, intervalMs: baseMs, volatilityPercent });
  const btcBase = madeCandles({
    length,
    seed: seed + 1000,
    intervalMs: baseMs,
    volatilityPercent: volatilityPercent * 0.7,
    price: 100_000,
    tick: 0.1,
  });
  const candles = aggregate(base, timeframeMs(timeframe));
  return {
    symbol: "MADEUSDT",
    timeframe,
    candles,
    frameCandles: aggregateFrames(base, timeframe, candles),
    btc: aggregate(btcBase, timeframeMs(timeframe)),
    funding: madeFunding(base.startMs, endMs(base), seed),
  };
}

/** The same market as it was known at a moment: nothing that closed or settled later. */
export function inputUntil(input: StudyInput, timeMs: number): StudyInput {
  const until = (candles: Candles): Candles =>
    sliceCandles(candles, 0, Math.max(0, Math.floor((timeMs - candles.startMs) / candles.intervalMs)));
  return {
    ...input,
    candles: until(input.candles),
    frameCandles: new Map([...input.frameCandles].map(([interval, candles]) => [interval, until(candles)])),
    btc: input.btc === null ? null : until(input.btc),
    funding: input.funding === null ? null : fundingUntil(input.funding, timeMs),
  };
}

function fundingUntil(funding: FundingRates, timeMs: number): FundingRates {
  const length = [...funding.timeMs].filter((settledMs) => settledMs <= timeMs).length;
  return { length, timeMs: funding.timeMs.slice(0, length), rate: funding.rate.slice(0, length) };
}

/** All prices times a constant. */
export function scaledInput(input: StudyInput, factor: number): StudyInput {
  const scaled = (candles: Candles): Candles => ({
    ...candles,
    open: candles.open.map((price) => price * factor),
    high: candles.high.map((price) => price * factor),
    low: candles.low.map((price) => price * factor),
    close: candles.close.map((price) => price * factor),
  });
  return {
    ...input,
    candles: scaled(input.candles),
    frameCandles: new Map([...input.frameCandles].map(([interval, candles]) => [interval, scaled(candles)])),
    btc: input.btc === null ? null : scaled(input.btc),
  };
}
