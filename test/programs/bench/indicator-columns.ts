import { average5 } from "#libs/strategy/indicators/moving-average.ts";
import { RollingBand } from "#libs/strategy/indicators/rolling-band.ts";
import { wilderRsi } from "#libs/strategy/indicators/rsi.ts";

/** The engine's indicators, one value a candle; NaN where there are too few candles. */
export interface IndicatorColumns {
  readonly rsi: Float64Array;
  readonly ma5: Float64Array;
  readonly middle: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** What the engine computes when asked, for every candle: RSI(14), SMA(5), SMA(20) and Bollinger(20, 2). */
export function indicatorColumns(close: Float64Array, startIndex: number): IndicatorColumns {
  const { length } = close;
  const ma5 = new Float64Array(length).fill(Number.NaN, 0, 4);
  const middle = new Float64Array(length);
  const lower = new Float64Array(length);
  const upper = new Float64Array(length);
  const band = new RollingBand(close, startIndex);
  for (let i = 0; i < length; i++) {
    band.moveTo(i);
    const mean = band.middle;
    const half = band.half;
    middle[i] = mean;
    lower[i] = mean - half;
    upper[i] = mean + half;
  }
  for (let i = 4; i < length; i++) ma5[i] = average5(close, i);
  return { rsi: wilderRsi(close), ma5, middle, lower, upper };
}
