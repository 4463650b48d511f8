import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import { decide } from "#libs/strategy/decide.ts";
import { FRAMES } from "#libs/strategy/frames.ts";
import { findStrategy, STRATEGIES } from "#libs/strategy/registry.ts";
import { type Strategy, type StrategyParameters, withDefaults } from "#libs/strategy/strategy.ts";
import { BTC_SYMBOL, frameSeries, makeStudy } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const INPUT = madeInput({ timeframe: "5m", length: 2_000 });
const THREES = madeCandles({ length: 100, intervalMs: 3 * MINUTE_MS });

describe("a study", () => {
  it("refuses candles of another interval than they are given for, and names them", () => {
    expect(() => makeStudy({ ...INPUT, candles: THREES })).toThrow(/MADEUSDT.*300000 ms.*180000 ms/);
    expect(() => makeStudy({ ...INPUT, btc: THREES })).toThrow(/BTCUSDT.*300000 ms.*180000 ms/);
    const frameCandles = new Map([[15 * MINUTE_MS, THREES]]);
    expect(() => makeStudy({ ...INPUT, frameCandles })).toThrow(/15m\/2d.*900000 ms.*180000 ms/);
  });

  it("does not look at another BTC on BTCUSDT itself", () => {
    expect(() => makeStudy({ ...INPUT, symbol: BTC_SYMBOL, btc: THREES })).not.toThrow();
  });

  it("reads a frame in its own candles where it is read in the timeframe", () => {
    const [day, twoDays] = FRAMES;
    if (day === undefined || twoDays === undefined) throw new Error("there are five frames");
    expect(frameSeries({ ...INPUT, frameCandles: new Map() }, day)).toBe(INPUT.candles);
    expect(frameSeries({ ...INPUT, frameCandles: new Map() }, twoDays)).toBeNull();
    expect(frameSeries(INPUT, twoDays)).toBe(INPUT.frameCandles.get(15 * MINUTE_MS));
  });
});

/** Always signals, with what it was given as confidence. */
const EAGER: Strategy<{ confidence: number; ratios: number[]; group: { inner: number; other: number } }> = {
  name: "EAGER",
  description: "made for tests",
  defaults: { confidence: 70, ratios: [0.5], group: { inner: 1, other: 2 } },
  decide: (_, { confidence }) => ({ kind: "signal", side: "LONG", confidence, reasons: [] }),
};

describe("a decision", () => {
  const study = makeStudy(INPUT);

  it("is made from the sixty-first candle on", () => {
    expect(FIRST_DECISION_INDEX).toBe(60);
    expect(decide(EAGER, study, 59).kind).toBe("none");
    expect(decide(EAGER, study, 60)).toMatchObject({ kind: "signal", confidence: 70 });
  });

  it("is made with parameters that replace defaults", () => {
    expect(decide(EAGER, study, 60, { confidence: 90 })).toMatchObject({ confidence: 90 });
    expect(() => decide(EAGER, study, 60, { confidenc: 90 })).toThrow(RangeError);
  });

  it("needs a candle", () => {
    expect(() => decide(EAGER, study, INPUT.candles.length)).toThrow(RangeError);
  });
});

describe("the parameters of a strategy", () => {
  it("are its defaults where nothing else is said", () => {
    expect(withDefaults(EAGER, undefined)).toBe(EAGER.defaults);
    expect(withDefaults(EAGER, {})).toEqual(EAGER.defaults);
  });

  it("are replaced one by one, also inside a group", () => {
    expect(withDefaults(EAGER, { ratios: [0.1, 0.9], group: { inner: 5 } })).toEqual({
      confidence: 70,
      ratios: [0.1, 0.9],
      group: { inner: 5, other: 2 },
    });
    expect(EAGER.defaults.group.inner).toBe(1);
  });

  it.each<[string, StrategyParameters]>([
    ["EAGER has no parameter confidenc", { confidenc: 1 }],
    ["EAGER.group has no parameter outer", { group: { outer: 1 } }],
    ["EAGER.confidence cannot be [1]", { confidence: [1] }],
    ["EAGER.confidence cannot be null", { confidence: Number.POSITIVE_INFINITY }],
    ["EAGER.confidence cannot be {}", { confidence: {} }],
    ["EAGER.ratios cannot be 0.5", { ratios: 0.5 }],
    ["EAGER.ratios cannot be [0.5,null]", { ratios: [0.5, Number.NaN] }],
    ["EAGER.ratios cannot be {}", { ratios: {} }],
    ["EAGER.group cannot be 3", { group: 3 }],
    ["EAGER.group cannot be [3]", { group: [3] }],
    ["EAGER.group.inner cannot be [3]", { group: { inner: [3] } }],
  ])("refuse what does not fit: %s", (message, overrides) => {
    expect(() => withDefaults(EAGER, overrides)).toThrow(new RangeError(message));
  });

  it("refuse what came from a file in another shape", () => {
    const fromFile: StrategyParameters = JSON.parse('{"confidence":"90"}');
    expect(() => withDefaults(EAGER, fromFile)).toThrow(new RangeError('EAGER.confidence cannot be "90"'));
    const nothing: StrategyParameters = JSON.parse('{"group":null}');
    expect(() => withDefaults(EAGER, nothing)).toThrow(new RangeError("EAGER.group cannot be null"));
    const words: StrategyParameters = JSON.parse('{"ratios":["0.5"]}');
    expect(() => withDefaults(EAGER, words)).toThrow(RangeError);
  });
});

describe("the registry", () => {
  it("finds strategies by name", () => {
    expect(STRATEGIES.map(({ name }) => name)).toEqual(["BASIC", "ADVANCED"]);
    expect(findStrategy("BASIC")).toBe(BASIC);
    expect(findStrategy("basic")).toBeUndefined();
  });
});
