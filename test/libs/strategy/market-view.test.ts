import { describe, expect, it } from "vitest";
import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BTC_TREND, COIN_TREND, trendDirection, trendStrength } from "#libs/strategy/indicators/trend.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";
import { BTC_SYMBOL, makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";
import { mean } from "#test/support/reference/reference-strategy.ts";

const INPUT = madeInput({ timeframe: "5m", length: 3_000, seed: 12 });
const { candles } = INPUT;
const study = makeStudy(INPUT);

/** The closes of a window that ends at candle `i`. */
function closes(series: Candles, i: number, count: number): number[] {
  if (i - count + 1 < 0) throw new RangeError(`no ${count} candles up to ${i}`);
  return [...series.close.subarray(i - count + 1, i + 1)];
}

const changeOver = (series: Candles, i: number, window: number): number => {
  const [first = Number.NaN] = closes(series, i, window);
  return ((series.close[i] ?? Number.NaN) / first - 1) * 100;
};

/** An input of the symbol alone, some columns replaced. */
function inputOf(overrides: Partial<Candles> = {}, others: Partial<StudyInput> = {}): StudyInput {
  const alone = {
    symbol: "XUSDT",
    timeframe: "1m",
    frameCandles: new Map(),
    btc: null,
    funding: null,
  } as const;
  return { ...alone, candles: { ...madeCandles({ length: 120, seed: 3 }), ...overrides }, ...others };
}

describe("a market view", () => {
  it("shows the current candle and those before it", () => {
    const view = study.at(200);
    for (const name of ["open", "high", "low", "close", "volume"] as const) {
      expect(view[name]()).toBe(candles[name][200]);
      expect(view[name](7)).toBe(candles[name][193]);
      expect(view[name](200)).toBe(candles[name][0]);
      expect(() => view[name](201)).toThrow(/no candle 201 back from candle 200/);
      expect(() => view[name](-1)).toThrow(RangeError);
    }
    expect(view.rsi(3)).toBe(study.at(197).rsi());
  });

  it("exists for candles that exist", () => {
    expect(() => study.at(-1)).toThrow(/no candle -1 in a series of 600/);
    expect(() => study.at(candles.length)).toThrow(RangeError);
    expect(() => study.at(Number.NaN)).toThrow(RangeError);
    expect(study.at(candles.length - 1).close()).toBe(candles.close.at(-1));
    expect(study.at(0).close()).toBe(candles.close[0]);
  });

  it("measures the change over a window that it has candles for", () => {
    const view = study.at(40);
    expect(view.changePercent(30)).toBeCloseTo(changeOver(candles, 40, 30), 12);
    expect(view.changePercent(1)).toBe(0);
    expect(view.changePercent(41)).toBeCloseTo(changeOver(candles, 40, 41), 12);
    expect(view.changePercent(42)).toBeNaN();
    expect(view.changePercent(0)).toBeNaN();
  });

  it("averages the last 5 and 20 closes, as soon as there are so many", () => {
    expect(study.at(3).ma5()).toBeNaN();
    expect(study.at(18).ma20()).toBeNaN();
    for (const i of [4, 19, 300]) expect(study.at(i).ma5()).toBeCloseTo(mean(closes(candles, i, 5)), 9);
    for (const i of [19, 20, 300]) expect(study.at(i).ma20()).toBeCloseTo(mean(closes(candles, i, 20)), 9);
  });

  it("puts the Bollinger band two deviations about the average", () => {
    const early = study.at(18);
    expect([early.bandLower(), early.bandUpper(), early.bandWidthPercent(), early.percentB()]).toEqual(
      new Array(4).fill(Number.NaN),
    );
    for (const i of [19, 300]) {
      const window = closes(candles, i, 20);
      const middle = mean(window);
      const sigma = Math.sqrt(mean(window.map((close) => (close - middle) ** 2)));
      const view = study.at(i);
      expect(view.bandLower()).toBeCloseTo(middle - 2 * sigma, 9);
      expect(view.bandUpper()).toBeCloseTo(middle + 2 * sigma, 9);
      expect(view.bandWidthPercent()).toBeCloseTo(((4 * sigma) / middle) * 100, 9);
      expect(view.percentB()).toBeCloseTo((view.close() - (middle - 2 * sigma)) / (4 * sigma), 9);
    }
  });

  it("has no place in a band without width", () => {
    const flat = new Float64Array(120).fill(5);
    const view = makeStudy(inputOf({ open: flat, high: flat, low: flat, close: flat })).at(60);
    expect(view.bandWidthPercent()).toBe(0);
    expect(view.percentB()).toBeNaN();
  });

  it("has no candle of rejection before there are two", () => {
    const rising = Float64Array.from({ length: 120 }, (_, i) => 100 + i);
    const open = rising.map((price) => price - 0.9);
    const shape = { minimumBody: 0.002, longShadow: 2, shortShadow: 0.5 };
    const rises = makeStudy(inputOf({ open, high: rising, low: open, close: rising }));
    expect([0, 1, 2].map((i) => rises.at(i).isBullishCandle(shape))).toEqual([false, true, true]);
    const falling = rising.toReversed();
    const before = falling.map((price) => price + 0.9);
    const falls = makeStudy(inputOf({ open: before, high: before, low: falling, close: falling }));
    expect([0, 1, 2].map((i) => falls.at(i).isBearishCandle(shape))).toEqual([false, true, true]);
  });

  it("sees the coin's trend and its strength", () => {
    const seen = new Set<string>();
    for (let i = 30; i < candles.length; i++) {
      const view = study.at(i);
      const change = changeOver(candles, i, COIN_TREND.window);
      const direction = trendDirection(view.ma5(), view.ma20(), change, COIN_TREND.thresholdPercent);
      expect(view.coinTrend(COIN_TREND)).toBe(direction);
      expect(view.coinTrendStrength(COIN_TREND)).toBeCloseTo(
        trendStrength(direction, view.ma5(), view.ma20(), change, COIN_TREND.weight),
        9,
      );
      seen.add(direction);
    }
    expect([...seen].sort()).toEqual(["DOWN", "SIDEWAYS", "UP"]);
    expect(study.at(20).coinTrend(COIN_TREND)).toBe("SIDEWAYS");
  });
});

describe("the trend of BTC", () => {
  const answers = (view: MarketView) => ({
    trend: view.btcTrend(BTC_TREND),
    up: view.btcTrends("UP", BTC_TREND),
    down: view.btcTrends("DOWN", BTC_TREND),
    strength: view.btcTrendStrength(BTC_TREND),
    change: view.btcChangePercent(BTC_TREND),
  });
  const UNKNOWN = { trend: "SIDEWAYS", up: false, down: false, strength: 0, change: 0 };

  it("is measured at the candle with the same open time", () => {
    const { btc } = INPUT;
    if (btc === null) throw new Error("the made market has BTC");
    for (const shift of [0, 17, -23]) {
      const shifted = { ...btc, startMs: btc.startMs + shift * btc.intervalMs };
      const other = makeStudy({ ...INPUT, btc: shifted });
      const rows: unknown[] = [];
      const expected: unknown[] = [];
      const seen = new Set<string>();
      for (let i = 59 + Math.max(0, shift); i < candles.length + Math.min(0, shift); i += 3) {
        const j = i - shift;
        if (openTimeMs(shifted, j) !== openTimeMs(candles, i)) throw new Error("the series are not aligned");
        const [ma5, ma20] = [mean(closes(btc, j, 5)), mean(closes(btc, j, 20))];
        const change = changeOver(btc, j, 60);
        const trend = trendDirection(ma5, ma20, change, 0.3);
        const strength = trendStrength(trend, ma5, ma20, change, 10);
        const found = answers(other.at(i));
        rows.push({ ...found, strength: found.strength.toFixed(6), change: found.change.toFixed(9) });
        expected.push({
          trend,
          up: trend === "UP",
          down: trend === "DOWN",
          strength: strength.toFixed(6),
          change: change.toFixed(9),
        });
        seen.add(trend);
      }
      expect(rows).toEqual(expected);
      expect([...seen].sort()).toEqual(["DOWN", "SIDEWAYS", "UP"]);
    }
  });

  it("is unknown without BTC, before its window is full and after its last candle", () => {
    expect(answers(makeStudy({ ...INPUT, btc: null }).at(300))).toEqual(UNKNOWN);
    expect(answers(study.at(58))).toEqual(UNKNOWN);
    expect(answers(study.at(59)).strength).toBeGreaterThan(0);
    const { btc } = INPUT;
    if (btc === null) throw new Error("the made market has BTC");
    const ended = makeStudy({ ...INPUT, btc: { ...btc, startMs: btc.startMs - 100 * btc.intervalMs } });
    expect(answers(ended.at(499)).strength).toBeGreaterThan(0);
    expect(answers(ended.at(500))).toEqual(UNKNOWN);
  });

  it("needs twenty candles for its averages, however short its window", () => {
    const short = { ...BTC_TREND, window: 10 };
    expect(study.at(18).btcTrendStrength(short)).toBe(0);
    expect(study.at(19).btcTrendStrength(short)).toBeGreaterThan(0);
  });

  it("is unknown over no candle, and never measured towards later ones", () => {
    for (const window of [0, -1, -60]) {
      const rule = { ...BTC_TREND, window, thresholdPercent: 0 };
      const view = study.at(300);
      expect(view.btcChangePercent(rule)).toBe(0);
      expect(view.btcTrend(rule)).toBe("SIDEWAYS");
      expect(view.btcTrendStrength(rule)).toBe(0);
    }
  });

  it("is BTCUSDT's own on BTCUSDT, whatever else is given", () => {
    const own = makeStudy({ ...INPUT, symbol: BTC_SYMBOL });
    for (const i of [80, 200, 333]) {
      expect(own.at(i).btcChangePercent(BTC_TREND)).toBeCloseTo(changeOver(candles, i, 60), 12);
    }
  });
});

describe("the funding rate in view", () => {
  const market = inputOf();
  const closeMs = (i: number) => openTimeMs(market.candles, i + 1);
  const funding = {
    length: 3,
    // At the close of candle 10, half a candle after the close of candle 20, at the close of candle 30.
    timeMs: Float64Array.from([closeMs(10), closeMs(20) + 30_000, closeMs(30)]),
    rate: Float64Array.from([0.0002, -0.0003, 0]),
  };
  const expected = (i: number) => (i < 10 ? null : i < 21 ? 0.0002 : i < 30 ? -0.0003 : 0);

  it("is the one settled last when the candle closed, in whatever order candles are asked about", () => {
    const view = makeStudy({ ...market, funding });
    const forwards = Array.from({ length: 120 }, (_, i) => i);
    for (const order of [forwards, forwards.toReversed(), [5, 40, 15, 25, 9, 10, 20, 21, 29, 30, 119, 0]]) {
      for (const i of order) expect(view.at(i).fundingRate()).toBe(expected(i));
    }
  });

  it("says where the crowd stands", () => {
    const view = makeStudy({ ...market, funding });
    const sentiments = [5, 15, 25, 35].map((i) => view.at(i).fundingSentiment());
    expect(sentiments).toEqual(["NEUTRAL", "LONG_HEAVY", "SHORT_HEAVY", "NEUTRAL"]);
    expect(view.at(15).fundingSentiment(0.0002)).toBe("NEUTRAL");
  });

  it("is unknown without a history, or with an empty one", () => {
    expect(makeStudy(market).at(50).fundingRate()).toBeNull();
    expect(makeStudy(market).at(50).fundingSentiment()).toBe("NEUTRAL");
    const empty = { length: 0, timeMs: new Float64Array(0), rate: new Float64Array(0) };
    expect(
      makeStudy({ ...market, funding: empty })
        .at(50)
        .fundingRate(),
    ).toBeNull();
  });
});

describe("Fibonacci levels in view", () => {
  const long = madeInput({ timeframe: "5m", length: 12_000, seed: 21 });
  const zones = ADVANCED.defaults.zones;

  it("are none before a frame has a full window", () => {
    const view = study.at(200);
    expect(view.frameCount()).toBe(0);
    expect(view.framesNearLevel([0.5], 1)).toBe(0);
    expect([view.support(zones), view.resistance(zones)]).toEqual([Number.NaN, Number.NaN]);
    expect([view.supportDistancePercent(zones), view.resistanceDistancePercent(zones)]).toEqual([
      Infinity,
      Infinity,
    ]);
  });

  it("are as far away as percent of the close say", () => {
    const later = makeStudy(long);
    let seen = 0;
    for (let i = 600; i < long.candles.length; i += 50) {
      const view = later.at(i);
      const [close, support, resistance] = [view.close(), view.support(zones), view.resistance(zones)];
      if (!Number.isNaN(support)) {
        expect(view.supportDistancePercent(zones)).toBeCloseTo(((close - support) / close) * 100, 9);
        seen++;
      }
      if (!Number.isNaN(resistance)) {
        expect(view.resistanceDistancePercent(zones)).toBeCloseTo(((resistance - close) / close) * 100, 9);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(20);
  });

  it("count a frame once, up to the tolerance included", () => {
    const view = makeStudy(long).at(2_000);
    const frames = view.frameCount();
    expect(frames).toBeGreaterThan(1);
    expect(view.framesNearLevel([0, 0.5, 1], 10)).toBe(frames);
    expect(view.framesNearLevel([], 10)).toBe(0);
    expect(view.framesNearLevel([0.5], 0)).toBe(0);
  });

  it("follow the rule that is asked for", () => {
    const one = makeStudy(long);
    const strict = { ...zones, minimumFrames: 4 };
    for (let i = 1_000; i < 2_300; i += 100) {
      const view = one.at(i);
      const before = view.support(zones);
      const fresh = makeStudy(long).at(i).support(strict);
      expect(view.support(strict)).toBe(fresh);
      expect(view.support(zones)).toBe(before);
    }
  });
});
