import { at } from "#libs/candles/at.ts";
import { ADVANCED } from "./advanced.ts";
import type { FundingSentiment } from "./indicators/funding.ts";
import { movingAverage } from "./indicators/moving-average.ts";
import {
  BTC_TREND,
  COIN_TREND,
  type TrendDirection,
  trendDirection,
  trendStrength,
} from "./indicators/trend.ts";
import type { Study, StudyInput } from "./study.ts";

/** The circumstances of one closed candle, as they are stored with a position. */
export interface Moment {
  readonly close: number;
  readonly rsi: number;
  /** percentB; null when the band has no width. */
  readonly bbPosition: number | null;
  /** Percent. */
  readonly bbWidth: number;
  readonly btcTrend: TrendDirection;
  /** Percent. */
  readonly btcChange: number;
  readonly btcStrength: number;
  readonly coinTrend: TrendDirection;
  /** Percent. */
  readonly coinChange: number;
  readonly coinStrength: number;
  /** Fraction; null when unknown. */
  readonly fundingRate: number | null;
  readonly fundingSentiment: FundingSentiment;
  /** Nearest confluence zones below and above the close; null where there is none. */
  readonly fibSupport: number | null;
  readonly fibResistance: number | null;
  /** Percent to the nearer of the two; null where there is none. */
  readonly fibDistance: number | null;
  /** Fibonacci frames with a full window, 0 to 5. */
  readonly frameCount: number;
}

/**
 * Describes candle `i` with the default rules, whatever strategy decided there. Needs `i >= 30`.
 * @throws RangeError when there is no such candle.
 */
export function describeMoment(study: Study, i: number): Moment {
  const view = study.at(i);
  const zones = ADVANCED.defaults.zones;
  const distance = Math.min(view.supportDistancePercent(zones), view.resistanceDistancePercent(zones));
  return {
    close: view.close(),
    rsi: view.rsi(),
    bbPosition: known(view.percentB()),
    bbWidth: view.bandWidthPercent(),
    btcTrend: view.btcTrend(BTC_TREND),
    btcChange: view.btcChangePercent(BTC_TREND),
    btcStrength: view.btcTrendStrength(BTC_TREND),
    coinTrend: view.coinTrend(COIN_TREND),
    coinChange: view.changePercent(COIN_TREND.window),
    coinStrength: view.coinTrendStrength(COIN_TREND),
    fundingRate: view.fundingRate(),
    fundingSentiment: view.fundingSentiment(),
    fibSupport: known(view.support(zones)),
    fibResistance: known(view.resistance(zones)),
    fibDistance: known(distance),
    frameCount: view.frameCount(),
  };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A trend as it is stored: strength 0 to 100, change in percent. */
export interface TrendAt {
  readonly direction: TrendDirection;
  readonly strength: number;
  readonly changePercent: number;
}

/** The coin trend at candle `i`, without the cost of a study; null while its window is not full. */
export function coinTrendAt(input: StudyInput, i: number): TrendAt | null {
  const { close, length } = input.candles;
  const { window, thresholdPercent, weight } = COIN_TREND;
  if (i < window - 1 || i >= length) return null;
  const changePercent = (at(close, i) / at(close, i - window + 1) - 1) * 100;
  const ma5 = movingAverage(close, i, 5);
  const ma20 = movingAverage(close, i, 20);
  const direction = trendDirection(ma5, ma20, changePercent, thresholdPercent);
  return {
    direction,
    strength: trendStrength(direction, ma5, ma20, changePercent, weight),
    changePercent,
  };
}
