import { type Candles, endMs, type FundingRates } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { madeCandles, madeFunding } from "#test/support/factories/made-candles.ts";

/** What a backtest of 1-minute candles starts from. */
export interface Market {
  readonly name: string;
  readonly symbol: string;
  readonly candles: Candles;
  readonly btc: Candles | null;
  readonly funding: FundingRates | null;
}

export function madeMarket(length: number): Market {
  const candles = madeCandles({ length, seed: 1 });
  return {
    name: "made market 1m",
    symbol: "MADEUSDT",
    candles,
    btc: madeCandles({ length, seed: 2, price: 100_000, tick: 0.1, volatilityPercent: 0.04 }),
    funding: madeFunding(candles.startMs, endMs(candles), 3, 0.15),
  };
}

/** A segment of a market, on the same columns. */
export function stretchOf(market: Market, from: number, to: number): Market {
  const { candles, btc } = market;
  return { ...market, candles: sliceCandles(candles, from, to), btc: btc && sliceCandles(btc, from, to) };
}

export function inputOf(market: Market): StudyInput {
  return { ...market, timeframe: "1m", frameCandles: aggregateFrames(market.candles, "1m") };
}
