import { aggregate } from "#libs/candles/aggregate.ts";
import { type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { readCandles } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { sharedFile } from "#test/support/shared-data.ts";

export interface RecordedMarket {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** File names in the recordings. */
  readonly candles: string;
  readonly btc: string | null;
  readonly funding: string | null;
}

/** A market from the recordings with its frames joined from the recorded interval. */
export async function recordedInput(market: RecordedMarket): Promise<StudyInput> {
  const intervalMs = timeframeMs(market.timeframe);
  const base = await readCandles(recorded(market.candles));
  const candles = aggregate(base, intervalMs);
  return {
    symbol: market.symbol,
    timeframe: market.timeframe,
    candles,
    frameCandles: aggregateFrames(base, market.timeframe, candles),
    btc: market.btc === null ? null : aggregate(await readCandles(recorded(market.btc)), intervalMs),
    funding: market.funding === null ? null : await readFunding(recorded(market.funding)),
  };
}

function recorded(name: string): string {
  const file = sharedFile(`data/${name}`);
  if (file === null) throw new Error(`the recording ${name} is not there`);
  return file;
}
