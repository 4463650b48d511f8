import { type Candles, type FundingRates, openTimeMs } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { effectiveIntervalMs, FRAMES } from "#libs/strategy/frames.ts";
import { settledUntil } from "#libs/strategy/indicators/funding.ts";
import type { StudyInput } from "#libs/strategy/study.ts";

/** The market as it was known at a moment: nothing that closed or was settled later. */
export function marketUntil(input: StudyInput, timeMs: number): StudyInput {
  return withSeries(
    input,
    (candles) => sliceCandles(candles, 0, Math.floor((timeMs - candles.startMs) / candles.intervalMs)),
    (funding) => sliceFunding(funding, 0, settledUntil(funding, timeMs)),
  );
}

/**
 * The market as a live service loads it for one decision: `warmUp` candles before candle `i` of the symbol and of BTC,
 * the frames' candles from a lookback before those, and nothing after candle `i`.
 */
export function marketAsLoaded(input: StudyInput, i: number, warmUp: number): StudyInput {
  const fromMs = openTimeMs(input.candles, Math.max(0, i - warmUp));
  const known = marketUntil(input, openTimeMs(input.candles, i + 1));
  return withSeries(
    known,
    (candles, isFrame) => {
      const startMs = isFrame ? frameStartMs(input, candles.intervalMs, fromMs) : fromMs;
      return sliceCandles(candles, Math.ceil((startMs - candles.startMs) / candles.intervalMs));
    },
    (funding) => sliceFunding(funding, Math.max(0, settledUntil(funding, fromMs) - 1), funding.length),
  );
}

/** All prices times a factor, all volumes times another one; rates and times as they are. */
export function scaledMarket(input: StudyInput, factor: number, volumeFactor = 1): StudyInput {
  const times = (column: Float64Array) => column.map((price) => price * factor);
  return withSeries(
    input,
    (candles) => ({
      ...candles,
      open: times(candles.open),
      high: times(candles.high),
      low: times(candles.low),
      close: times(candles.close),
      volume: candles.volume.map((volume) => volume * volumeFactor),
    }),
    (funding) => funding,
  );
}

function frameStartMs(input: StudyInput, intervalMs: number, fromMs: number): number {
  const lookbackMs = FRAMES.filter(
    (frame) => effectiveIntervalMs(frame, input.timeframe) === intervalMs,
  ).reduce((longest, frame) => Math.max(longest, frame.lookbackMs), 0);
  return Math.floor(fromMs / intervalMs) * intervalMs - lookbackMs;
}

/** The same change to every series, once each: a series that serves twice stays one. */
function withSeries(
  input: StudyInput,
  change: (candles: Candles, isFrame: boolean) => Candles,
  changeFunding: (funding: FundingRates) => FundingRates,
): StudyInput {
  const { candles, btc, funding, frameCandles } = input;
  const own = change(candles, false);
  return {
    ...input,
    candles: own,
    btc: btc === candles ? own : btc === null ? null : change(btc, false),
    funding: funding === null ? null : changeFunding(funding),
    frameCandles: new Map(
      [...frameCandles].map(([intervalMs, series]) => [
        intervalMs,
        series === candles ? own : change(series, true),
      ]),
    ),
  };
}

function sliceFunding(funding: FundingRates, from: number, to: number): FundingRates {
  return {
    length: to - from,
    timeMs: funding.timeMs.subarray(from, to),
    rate: funding.rate.subarray(from, to),
  };
}
