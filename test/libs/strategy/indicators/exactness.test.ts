import { describe, expect, it } from "vitest";
import type { Candles } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { FrameSwings } from "#libs/strategy/frame-swings.ts";
import { aggregateFrames, FRAMES } from "#libs/strategy/frames.ts";
import { BTC_TREND, COIN_TREND } from "#libs/strategy/indicators/trend.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { adversarialCandles } from "#test/support/factories/adversarial-candles.ts";
import { exactRsis } from "#test/support/reference/exact-rsi.ts";
import { exactWindow } from "#test/support/reference/exact-window.ts";
import { zonesOf } from "#test/support/reference/reference-strategy.ts";

/** Ten years of minutes. */
const LENGTH = 5_300_000;
const TOLERANCE = 1e-9;
/** BTC's first candle is this much later, so that it is read at other indexes than the symbol. */
const BTC_LATER = 7_777;

const candles = adversarialCandles(LENGTH);
const btc: Candles = {
  ...sliceCandles(candles, 0, LENGTH - BTC_LATER),
  startMs: candles.startMs + BTC_LATER * MINUTE_MS,
};
const input: StudyInput = {
  symbol: "MADEUSDT",
  timeframe: "1m",
  candles,
  frameCandles: aggregateFrames(candles, "1m"),
  btc,
  funding: null,
};

/** The end, what follows each jump of the level, and some of everything between. */
function sampled(step: number, atEnd: number): number[] {
  const { close } = candles;
  const found = new Set<number>();
  for (let i = 50_000; i < LENGTH; i += step) found.add(i);
  for (let i = LENGTH - atEnd; i < LENGTH; i++) found.add(i);
  for (let i = 1; i < LENGTH; i++) {
    const jump = (close[i] ?? 0) / (close[i - 1] ?? 0);
    if (jump > 2 || jump < 0.5) for (let k = 0; k < 60; k++) found.add(i + k);
  }
  return [...found].sort((a, b) => a - b);
}

/** The largest error of some value, relative to the exact one, over the sampled candles. */
function worst(indexes: readonly number[], error: (i: number) => number): number {
  return indexes.reduce((largest, i) => Math.max(largest, error(i)), 0);
}

function relative(value: number, exact: number): number {
  return value === exact ? 0 : Math.abs(value - exact) / Math.abs(exact);
}

describe(`at the end of ${LENGTH} candles that jump nine decades and stand still for months`, () => {
  const study = makeStudy(input);

  it("averages and bands are those of the direct formula, without rounding", () => {
    const indexes = sampled(4_999, 1_500);
    expect(indexes.length).toBeGreaterThan(2_500);
    expect(indexes.at(-1)).toBe(LENGTH - 1);
    const errors = worst(indexes, (i) => {
      const view = study.at(i);
      const five = exactWindow(candles.close, i, 5);
      const twenty = exactWindow(candles.close, i, 20);
      const half = (view.bandUpper() - view.bandLower()) / 2;
      const width = (4 * twenty.deviation * 100) / twenty.mean;
      // An edge is a difference: what it may miss is measured by what it is made of.
      const edge = twenty.mean + 2 * twenty.deviation;
      return Math.max(
        relative(view.ma5(), five.mean),
        relative(view.ma20(), twenty.mean),
        Math.abs(view.bandUpper() - edge) / edge,
        Math.abs(view.bandLower() - (twenty.mean - 2 * twenty.deviation)) / edge,
        // The width of a band on a price has the price's last bits as its own.
        Math.abs(half - 2 * twenty.deviation) / (2 * twenty.deviation + 1e-6 * twenty.mean),
        Math.abs(view.bandWidthPercent() - width) / (width + 1e-4),
      );
    });
    expect(errors).toBeLessThan(TOLERANCE);
  });

  it("RSI is that of Wilder's recursion in hundreds of digits", () => {
    const indexes = sampled(29_989, 500);
    const exact = exactRsis(candles.close, indexes);
    indexes.forEach((i, k) => {
      const expected = exact[k] ?? Number.NaN;
      // Where nothing but falls is in reach, what is left of RSI is the weight of rises a thousand changes ago.
      expect(Math.abs(study.at(i).rsi() - expected)).toBeLessThanOrEqual(TOLERANCE * expected + 1e-20);
    });
  });

  it("changes of the coin and of BTC are those between two closes", () => {
    const errors = worst(sampled(997, 1_500), (i) => {
      const view = study.at(i);
      // Two closes that are near have an exact difference. A change of nothing has the last bits of 1 as its own.
      const error = (percent: number, values: Float64Array, k: number, window: number) => {
        const before = values[k - window + 1] ?? Number.NaN;
        const exact = (((values[k] ?? Number.NaN) - before) / before) * 100;
        return Math.abs(percent - exact) / (Math.abs(exact) + 1e-4);
      };
      return Math.max(
        error(view.changePercent(COIN_TREND.window), candles.close, i, COIN_TREND.window),
        error(view.btcChangePercent(BTC_TREND), btc.close, i - BTC_LATER, BTC_TREND.window),
      );
    });
    expect(errors).toBeLessThan(TOLERANCE);
  });

  it("the legs of the frames are the extremes of their windows, and zones the means of their levels", () => {
    const swings = new FrameSwings(input);
    const rule = ADVANCED.defaults.zones;
    let zonesSeen = 0;
    for (const i of sampled(49_999, 20)) {
      const direct = FRAMES.map((frame) =>
        legOf(i, frame.intervalMs / MINUTE_MS, frame.lookbackMs / MINUTE_MS),
      );
      expect(swings.at(i).map(({ high, low, up }) => ({ high, low, up }))).toEqual(direct);
      const view = study.at(i);
      const close = view.close();
      const zones = zonesOf(direct).filter(({ frames }) => frames >= rule.minimumFrames);
      const support = zones.findLast(({ price }) => price < close)?.price;
      const resistance = zones.find(({ price }) => price > close)?.price;
      for (const [value, exact] of [
        [view.support(rule), support],
        [view.resistance(rule), resistance],
      ] as const) {
        if (exact === undefined) expect(value).toBeNaN();
        else expect(relative(value, exact)).toBeLessThan(TOLERANCE);
        if (exact !== undefined) zonesSeen++;
      }
    }
    expect(zonesSeen).toBeGreaterThan(100);
  });

  it("joined volumes are the sums of their buckets", () => {
    for (const joined of input.frameCandles.values()) {
      const ratio = joined.intervalMs / MINUTE_MS;
      for (let bucket = joined.length - 1; bucket >= 0; bucket -= Math.ceil(joined.length / 100)) {
        const first = (joined.startMs - candles.startMs) / MINUTE_MS + bucket * ratio;
        const part = candles.volume.subarray(first, first + ratio);
        const exact = exactWindow(part, ratio - 1, ratio).mean * ratio;
        expect(relative(joined.volume[bucket] ?? Number.NaN, exact)).toBeLessThan(TOLERANCE);
      }
    }
  });

  it("a running sum would be far off: the series is one that shows it", () => {
    const { close } = candles;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < LENGTH; i++) {
      const added = close[i] ?? Number.NaN;
      const left = close[i - 20] ?? 0;
      sum += added - left;
      squares += added * added - left * left;
    }
    const exact = exactWindow(close, LENGTH - 1, 20);
    expect(relative(sum / 20, exact.mean)).toBeGreaterThan(TOLERANCE);
    const variance = squares / 20 - (sum / 20) ** 2;
    expect(relative(Math.sqrt(Math.max(0, variance)), exact.deviation)).toBeGreaterThan(1);
  });
});

/** High, low and direction of the last whole frame candles at candle `i`, minute by minute. */
function legOf(i: number, minutes: number, lookback: number): { high: number; low: number; up: boolean } {
  const startMinute = candles.startMs / MINUTE_MS;
  const end = Math.floor((startMinute + i + 1) / minutes) * minutes - startMinute;
  let [high, low, highAt, lowAt] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (let k = end - lookback; k < end; k++) {
    const bucket = Math.floor((startMinute + k) / minutes);
    if ((candles.high[k] ?? Number.NaN) >= high) [high, highAt] = [candles.high[k] ?? Number.NaN, bucket];
    if ((candles.low[k] ?? Number.NaN) <= low) [low, lowAt] = [candles.low[k] ?? Number.NaN, bucket];
  }
  const first = highAt * minutes - startMinute;
  const closesUp = (candles.close[first + minutes - 1] ?? 0) >= (candles.open[first] ?? 0);
  return { high, low, up: highAt === lowAt ? closesUp : highAt > lowAt };
}
