import type { Candles, FundingRates } from "#libs/candles/candles.ts";
import type { StudyInput } from "#libs/strategy/study.ts";

/** The same market in shared memory: sending it to a thread copies no candle. */
export function sharedMarket(input: StudyInput): StudyInput {
  return {
    ...input,
    candles: sharedCandles(input.candles),
    frameCandles: new Map([...input.frameCandles].map(([ms, candles]) => [ms, sharedCandles(candles)])),
    btc: input.btc === null ? null : sharedCandles(input.btc),
    funding: input.funding === null ? null : sharedFunding(input.funding),
  };
}

export function sharedCandles(candles: Candles): Candles {
  const { intervalMs, startMs, length } = candles;
  return {
    intervalMs,
    startMs,
    length,
    open: shared(candles.open),
    high: shared(candles.high),
    low: shared(candles.low),
    close: shared(candles.close),
    volume: shared(candles.volume),
  };
}

function sharedFunding({ length, timeMs, rate }: FundingRates): FundingRates {
  return { length, timeMs: shared(timeMs), rate: shared(rate) };
}

function shared(column: Float64Array): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}
