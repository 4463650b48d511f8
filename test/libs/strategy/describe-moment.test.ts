import { describe, expect, it } from "vitest";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { coinTrendAt, describeMoment } from "#libs/strategy/describe-moment.ts";
import { BTC_TREND, COIN_TREND } from "#libs/strategy/indicators/trend.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const INPUT = madeInput({ timeframe: "5m", length: 12_000, seed: 4 });
const study = makeStudy(INPUT);
const { zones } = ADVANCED.defaults;

describe("the description of a moment", () => {
  it("is what the view shows by the default rules", () => {
    const i = INPUT.candles.length - 1;
    const view = study.at(i);
    const moment = describeMoment(study, i);
    expect(moment).toEqual({
      close: view.close(),
      rsi: view.rsi(),
      bbPosition: view.percentB(),
      bbWidth: view.bandWidthPercent(),
      btcTrend: view.btcTrend(BTC_TREND),
      btcChange: view.btcChangePercent(BTC_TREND),
      btcStrength: view.btcTrendStrength(BTC_TREND),
      coinTrend: view.coinTrend(COIN_TREND),
      coinChange: view.changePercent(COIN_TREND.window),
      coinStrength: view.coinTrendStrength(COIN_TREND),
      fundingRate: view.fundingRate(),
      fundingSentiment: view.fundingSentiment(),
      fibSupport: view.support(zones),
      fibResistance: view.resistance(zones),
      fibDistance: Math.min(view.supportDistancePercent(zones), view.resistanceDistancePercent(zones)),
      frameCount: 4,
    });
  });

  it("has null where nothing is known", () => {
    const { candles } = INPUT;
    const flat = new Float64Array(candles.length).fill(5);
    const still = { ...candles, open: flat, high: flat, low: flat, close: flat };
    const unknown = { ...INPUT, candles: still, frameCandles: new Map(), btc: null, funding: null };
    expect(describeMoment(makeStudy(unknown), 100)).toMatchObject({
      bbPosition: null,
      fundingRate: null,
      fibSupport: null,
      fibResistance: null,
      fibDistance: null,
      frameCount: 0,
    });
  });
});

describe("the coin trend at a candle", () => {
  it("is the one a view shows", () => {
    for (let i = 29; i < 1_000; i += 7) {
      const view = study.at(i);
      const trend = coinTrendAt(INPUT, i);
      expect(trend?.direction).toBe(view.coinTrend(COIN_TREND));
      expect(trend?.changePercent).toBeCloseTo(view.changePercent(COIN_TREND.window), 12);
      expect(trend?.strength).toBeCloseTo(view.coinTrendStrength(COIN_TREND), 9);
    }
  });

  it("is unknown while its window is not full, and where there is no candle", () => {
    expect(coinTrendAt(INPUT, 28)).toBeNull();
    expect(coinTrendAt(INPUT, 29)).not.toBeNull();
    expect(coinTrendAt(INPUT, INPUT.candles.length - 1)).not.toBeNull();
    expect(coinTrendAt(INPUT, INPUT.candles.length)).toBeNull();
  });
});
