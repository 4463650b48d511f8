import * as patterns from "technicalindicators";
import type { Candles } from "#libs/candles/candles.ts";

type Shape = { open: number[]; high: number[]; low: number[]; close: number[] };

/** The library's detectors that end at the last candle; those that need a confirming candle after it are left out. */
const DETECTORS: Readonly<Record<string, (candles: Shape) => boolean>> = {
  abandoned_baby: patterns.abandonedbaby,
  bearish_engulfing: patterns.bearishengulfingpattern,
  bearish_hammer: patterns.bearishhammerstick,
  bearish_harami: patterns.bearishharami,
  bearish_harami_cross: patterns.bearishharamicross,
  bearish_inverted_hammer: patterns.bearishinvertedhammerstick,
  bearish_marubozu: patterns.bearishmarubozu,
  bearish_spinning_top: patterns.bearishspinningtop,
  bullish_engulfing: patterns.bullishengulfingpattern,
  bullish_hammer: patterns.bullishhammerstick,
  bullish_harami: patterns.bullishharami,
  bullish_harami_cross: patterns.bullishharamicross,
  bullish_inverted_hammer: patterns.bullishinvertedhammerstick,
  bullish_marubozu: patterns.bullishmarubozu,
  bullish_spinning_top: patterns.bullishspinningtop,
  dark_cloud_cover: patterns.darkcloudcover,
  doji: patterns.doji,
  downside_tasuki_gap: patterns.downsidetasukigap,
  dragonfly_doji: patterns.dragonflydoji,
  evening_doji_star: patterns.eveningdojistar,
  evening_star: patterns.eveningstar,
  gravestone_doji: patterns.gravestonedoji,
  hammer_unconfirmed: patterns.hammerpatternunconfirmed,
  hanging_man_unconfirmed: patterns.hangingmanunconfirmed,
  morning_doji_star: patterns.morningdojistar,
  morning_star: patterns.morningstar,
  piercing_line: patterns.piercingline,
  shooting_star_unconfirmed: patterns.shootingstarunconfirmed,
  three_black_crows: patterns.threeblackcrows,
  three_white_soldiers: patterns.threewhitesoldiers,
  tweezer_bottom: patterns.tweezerbottom,
  tweezer_top: patterns.tweezertop,
};

/** The most candles a detector reads; with fewer it writes a warning to the console. */
const LONGEST = 5;

/**
 * The candlestick patterns that the last candle completes, as `technicalindicators` recognises them (its
 * tolerance for "equal" is 0.1 % of the price, so calm candles count as dojis). Informational: no rule reads them.
 */
export function candlestickPatterns(candles: Candles): readonly string[] {
  if (candles.length < LONGEST) return [];
  const from = candles.length - LONGEST;
  const last = (): Shape => ({
    open: Array.from(candles.open.subarray(from, candles.length)),
    high: Array.from(candles.high.subarray(from, candles.length)),
    low: Array.from(candles.low.subarray(from, candles.length)),
    close: Array.from(candles.close.subarray(from, candles.length)),
  });
  return Object.entries(DETECTORS)
    .filter(([, detect]) => detect(last()))
    .map(([name]) => name);
}
