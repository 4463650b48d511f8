import { describe, expect, it } from "vitest";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { FrameSwings } from "#libs/strategy/frame-swings.ts";
import { ConfluenceZones } from "#libs/strategy/indicators/confluence-zones.ts";
import { LEVEL_RATIOS, retracement } from "#libs/strategy/indicators/fibonacci.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const RULE = ADVANCED.defaults.zones;

describe("the swings of the Fibonacci frames at a candle", () => {
  const input = madeInput({ timeframe: "5m", length: 50_000 });
  const study = makeStudy(input);
  const swings = new FrameSwings(input);
  const candles = Array.from({ length: 400 }, (_, k) => 60 + k * 24).filter((i) => i < input.candles.length);

  it("are of the frames that have a full window", () => {
    for (const i of candles) expect(swings.at(i)).toHaveLength(study.at(i).frameCount());
    expect(swings.at(60)).toEqual([]);
    expect(swings.at(input.candles.length - 1).map(({ frame }) => frame.name)).toEqual([
      "5m/1d",
      "15m/2d",
      "30m/5d",
      "4h/7d",
      "1d/30d",
    ]);
  });

  it("give the zones that strategies see", () => {
    const zones = new ConfluenceZones();
    let seen = 0;
    for (const i of candles) {
      const view = study.at(i);
      const close = view.close();
      const support = view.support(RULE);
      const resistance = view.resistance(RULE);
      zones.rebuild(swings.at(i), RULE);
      const list = zones.list();
      expect(list.findLast(({ price }) => price < close)?.price ?? Number.NaN).toBe(support);
      expect(list.find(({ price }) => price > close)?.price ?? Number.NaN).toBe(resistance);
      seen += list.length;
    }
    expect(seen).toBeGreaterThan(500);
  });

  it("do not depend on the order they are asked in", () => {
    const later = swings.at(9000);
    swings.at(3000);
    expect(swings.at(9000)).toEqual(later);
  });

  it("exist for candles that exist", () => {
    expect(() => swings.at(input.candles.length)).toThrow(RangeError);
    expect(() => swings.at(-1)).toThrow(RangeError);
  });
});

describe("the list of confluence zones", () => {
  const swing = (low: number, high: number, up = true) => ({ present: true, low, high, up });

  it("says which levels and swings each zone is made of", () => {
    const zones = new ConfluenceZones();
    // Levels of the first: 100 ... 110; of the second only its low of 99.9 is near one of them.
    zones.rebuild([swing(100, 110), swing(99.9, 140)], RULE);
    const [lowest] = zones.list();
    expect(lowest).toEqual({ price: (99.9 + 100) / 2, low: 99.9, high: 100, frames: [0, 1] });
  });

  it("holds every level that lies in a zone between its ends, and none of a single frame", () => {
    const zones = new ConfluenceZones();
    const given = [
      swing(100, 110),
      swing(97, 131, false),
      { ...swing(1, 2), present: false },
      swing(100.2, 118),
    ];
    zones.rebuild(given, RULE);
    const levels = given.flatMap(({ present, low, high, up }, frame) =>
      present ? LEVEL_RATIOS.map((ratio) => ({ frame, level: retracement(high, low, up, ratio) })) : [],
    );
    expect(zones.list().length).toBeGreaterThan(1);
    for (const { price, low, high, frames } of zones.list()) {
      const inside = levels.filter(({ level }) => level >= low && level <= high);
      expect([...new Set(inside.map(({ frame }) => frame))].sort()).toEqual(frames);
      expect(frames.length).toBeGreaterThanOrEqual(RULE.minimumFrames);
      expect(price).toBeCloseTo(inside.reduce((sum, { level }) => sum + level, 0) / inside.length, 9);
      expect(high).toBeLessThanOrEqual(low * (1 + RULE.tolerance));
    }
  });

  it("holds the level at the very end of a zone's width", () => {
    const zones = new ConfluenceZones();
    zones.rebuild([swing(100, 1_000), swing(150, 2_000)], {
      ratios: [0, 1],
      tolerance: 0.5,
      minimumFrames: 2,
    });
    expect(zones.list()).toEqual([{ price: 125, low: 100, high: 150, frames: [0, 1] }]);
  });

  it("is empty before there are levels", () => {
    expect(new ConfluenceZones().list()).toEqual([]);
  });
});
