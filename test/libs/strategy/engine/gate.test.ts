import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import type { Gate, TriggerCondition, TriggerConditions } from "#libs/strategy/engine/gate.ts";
import type { CandleShape } from "#libs/strategy/indicators/candle-shape.ts";
import { type FundingSentiment, fundingSentiment } from "#libs/strategy/indicators/funding.ts";
import { withDefaults } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const FIRST = 60;

/** Several scans long, over settlements, with a BTC series that begins later and ends earlier. */
const INPUT = ((): StudyInput => {
  const made = madeInput({ timeframe: "1m", length: 9_000, seed: 31, volatilityPercent: 0.12 });
  const { btc } = made;
  if (btc === null) throw new Error("the made market has BTC");
  const part = {
    close: btc.close.subarray(0, 8_000),
    length: 8_000,
    startMs: btc.startMs + 300 * btc.intervalMs,
  };
  return { ...made, frameCandles: new Map(), btc: { ...btc, ...part } };
})();
const STUDY = makeStudy(INPUT);
const { length } = INPUT.candles;

/** Thresholds are met this fraction early or late, as a gate may be open a hair too often. */
const HAIR = 1e-6;

/**
 * Whether a gate is open at a candle, by its definition.
 * @param slack `HAIR` to answer yes in case of doubt, `-HAIR` to answer no.
 */
function isOpen(gate: Gate, i: number, slack: number): boolean {
  const view = STUDY.at(i);
  const rsi = view.rsi();
  const conditions =
    gate.conditions?.[fundingSentiment(view.fundingRate() ?? Number.NaN, gate.conditions.heavyRate)];
  const btcMove = (direction: number): boolean => {
    if (gate.conditions === undefined || INPUT.btc === null) return false;
    const { btcWindow: window, btcPercent } = gate.conditions;
    const j = i - 300;
    const [now, before] = [INPUT.btc.close[j], INPUT.btc.close[j - window + 1]];
    if (now === undefined || before === undefined) return false;
    return direction * (now / before - 1) * 100 >= btcPercent * (1 - slack) - slack;
  };
  const allowed = (need: TriggerCondition, direction: number): boolean =>
    need === "nothing" || (need === "btc" && btcMove(direction));
  const moved = (direction: number): boolean =>
    direction * view.changePercent(gate.changeWindow) >= gate.changePercent * (1 - slack) - slack;
  const rsiOpens = gate.rsiAtMost > -Infinity || gate.rsiAtLeast < Infinity;
  const shaped = (direction: number): boolean =>
    gate.candle === undefined ||
    rsiOpens ||
    gate.changePercent === 0 ||
    isShaped(gate.candle, i, direction, slack);
  const { rise, fall, oversold, overbought, riseRsiAtMost, fallRsiAtLeast }: TriggerConditions =
    conditions ?? FREE;
  return (
    (allowed(rise, 1) && moved(1) && !(rsi > riseRsiAtMost) && shaped(1)) ||
    (allowed(fall, -1) && moved(-1) && !(rsi < fallRsiAtLeast) && shaped(-1)) ||
    (allowed(oversold, 1) && rsi <= gate.rsiAtMost) ||
    (allowed(overbought, -1) && rsi >= gate.rsiAtLeast)
  );
}

const FREE: TriggerConditions = {
  rise: "nothing",
  riseRsiAtMost: Infinity,
  fall: "nothing",
  fallRsiAtLeast: -Infinity,
  oversold: "nothing",
  overbought: "nothing",
};

/** The shape without the candle before, which a gate does not look at. */
function isShaped(shape: CandleShape, i: number, direction: number, slack: number): boolean {
  const view = STUDY.at(i);
  const [open, high, low, close] = [view.open(), view.high(), view.low(), view.close()];
  const hair = slack * open;
  const body = Math.abs(close - open);
  const [long, short] =
    direction > 0
      ? [Math.min(open, close) - low, high - Math.max(open, close)]
      : [high - Math.max(open, close), Math.min(open, close) - low];
  return (
    direction * (close - open) >= shape.minimumBody * open - hair ||
    (long >= shape.longShadow * body - hair && short <= shape.shortShadow * body + hair)
  );
}

/** The candles at which a gate is open, found as a backtest finds them. */
function openCandles(gate: Gate, end = length): number[] {
  const study = makeStudy(INPUT);
  const found: number[] = [];
  for (let i = study.seek(FIRST, end, gate); i < end; i = study.seek(i + 1, end, gate)) found.push(i);
  return found;
}

function expectRight(gate: Gate): number[] {
  const found = openCandles(gate);
  const open = new Set(found);
  for (let i = FIRST; i < length; i++) {
    if (open.has(i) ? !isOpen(gate, i, HAIR) : isOpen(gate, i, -HAIR)) {
      expect.fail(`candle ${i} is ${open.has(i) ? "open" : "closed"} in ${JSON.stringify(gate)}`);
    }
  }
  return found;
}

const need = fc.constantFrom<TriggerCondition>("nothing", "btc", "closed");
const doorNeeds: fc.Arbitrary<TriggerConditions> = fc.record({
  rise: need,
  riseRsiAtMost: fc.constantFrom(Infinity, 50, 60),
  fall: need,
  fallRsiAtLeast: fc.constantFrom(-Infinity, 40, 50),
  oversold: need,
  overbought: need,
});
const gates: fc.Arbitrary<Gate> = fc
  .record({
    changeWindow: fc.constantFrom(1, 2, 30, 60),
    changePercent: fc.constantFrom(0, 0.2, 0.5, 1),
    rsiAtMost: fc.constantFrom(-Infinity, 35, 45),
    rsiAtLeast: fc.constantFrom(Infinity, 65, 55),
    candle: fc.option(
      fc.constantFrom(
        { minimumBody: 0.0005, longShadow: 2, shortShadow: 0.5 },
        { minimumBody: 0.01, longShadow: 1, shortShadow: 1 },
      ),
      { nil: undefined },
    ),
    conditions: fc.option(
      fc.record({
        heavyRate: fc.constantFrom(0.0001, 0.0002),
        btcWindow: fc.constantFrom(1, 30, 60),
        btcPercent: fc.constantFrom(0.1, 0.3),
        LONG_HEAVY: doorNeeds,
        SHORT_HEAVY: doorNeeds,
        NEUTRAL: doorNeeds,
      }),
      { nil: undefined },
    ),
  })
  .map(({ candle, conditions, ...gate }) => ({
    ...gate,
    ...(candle === undefined ? {} : { candle }),
    ...(conditions === undefined ? {} : { conditions }),
  }));

describe("a gate", () => {
  it("is open where one of its triggers is, and nowhere else", () => {
    fc.assert(
      fc.property(gates, (gate) => {
        expectRight(gate);
      }),
      { numRuns: 20 },
    );
  });

  const all = (triggers: Partial<TriggerConditions>): Record<FundingSentiment, TriggerConditions> => {
    const conditions = { ...FREE, ...triggers };
    return { LONG_HEAVY: conditions, SHORT_HEAVY: conditions, NEUTRAL: conditions };
  };
  const plain = { changeWindow: 30, changePercent: 0.5, rsiAtMost: -Infinity, rsiAtLeast: Infinity };
  const btc = { heavyRate: 0.0001, btcWindow: 60, btcPercent: 0.3 };
  const candle = { minimumBody: 0.0005, longShadow: 2, shortShadow: 0.5 };

  it.each<[string, Gate]>([
    ["after a move", plain],
    ["after a move, by the shape of the candle", { ...plain, candle }],
    ["at a low RSI", { ...plain, changePercent: Infinity, rsiAtMost: 35 }],
    ["at a high RSI", { ...plain, changePercent: Infinity, rsiAtLeast: 65 }],
    ["after a rise only", { ...plain, conditions: { ...btc, ...all({ fall: "closed" }) } }],
    ["after a fall only", { ...plain, conditions: { ...btc, ...all({ rise: "closed" }) } }],
    [
      "after a rise that RSI allows",
      { ...plain, conditions: { ...btc, ...all({ fall: "closed", riseRsiAtMost: 55 }) } },
    ],
    [
      "after a fall that RSI allows",
      { ...plain, conditions: { ...btc, ...all({ rise: "closed", fallRsiAtLeast: 45 }) } },
    ],
    ["with BTC only", { ...plain, conditions: { ...btc, ...all({ rise: "btc", fall: "btc" }) } }],
    [
      "at an extreme RSI, with BTC only",
      {
        ...plain,
        rsiAtMost: 35,
        rsiAtLeast: 65,
        conditions: {
          ...btc,
          ...all({ rise: "closed", fall: "closed", oversold: "btc", overbought: "btc" }),
        },
      },
    ],
    [
      "at a low RSI freely, at a high one with BTC",
      {
        ...plain,
        rsiAtMost: 35,
        rsiAtLeast: 65,
        conditions: {
          ...btc,
          ...all({ rise: "closed", fall: "closed", oversold: "nothing", overbought: "btc" }),
        },
      },
    ],
  ])("opens %s", (_, gate) => {
    const found = expectRight(gate);
    expect(found.length).toBeGreaterThan(20);
    expect(found.length).toBeLessThan(length / 2);
  });

  it("never opens when all triggers are closed", () => {
    const triggers = { rise: "closed", fall: "closed", oversold: "closed", overbought: "closed" } as const;
    expect(openCandles({ ...plain, rsiAtMost: 35, conditions: { ...btc, ...all(triggers) } })).toEqual([]);
    expect(
      openCandles({ ...plain, conditions: { ...btc, ...all({ rise: "closed", fall: "closed" }) } }),
    ).toEqual([]);
  });

  it("opens with BTC nowhere when there is no BTC", () => {
    const study = makeStudy({ ...INPUT, btc: null });
    const gate = { ...plain, conditions: { ...btc, ...all({ rise: "btc", fall: "btc" }) } };
    expect(study.seek(FIRST, length, gate)).toBe(length);
  });

  it("is looked for from a candle on and before an end", () => {
    const open = openCandles(plain);
    const [first = 0, second = 0] = open;
    expect(STUDY.seek(FIRST, length, plain)).toBe(first);
    expect(STUDY.seek(first, length, plain)).toBe(first);
    expect(STUDY.seek(first + 1, length, plain)).toBe(second);
    expect(STUDY.seek(FIRST, first, plain)).toBe(first);
    expect(STUDY.seek(FIRST, first - 3, plain)).toBe(first - 3);
    expect(STUDY.seek(length, length, plain)).toBe(length);
    for (const end of [500, 4_095, 4_096, 4_160, 8_255]) {
      expect(openCandles(plain, end)).toEqual(open.filter((i) => i < end));
    }
  });

  it("is the same whatever was asked before", () => {
    const other: Gate = { ...plain, changePercent: 0.8 };
    const expected = new Map([plain, other].map((gate) => [gate, openCandles(gate)]));
    const random = fc.sample(fc.integer({ min: FIRST, max: length - 1 }), { numRuns: 200, seed: 4 });
    const study = makeStudy(INPUT);
    for (const [k, from] of random.entries()) {
      const gate = k % 3 === 0 ? other : plain;
      const found = study.seek(from, length, gate);
      expect(found).toBe(expected.get(gate)?.find((i) => i >= from) ?? length);
    }
  });

  it("answers every candle while its window is not full: the strategy must decide", () => {
    for (const i of [0, 1, 28, 29]) expect(STUDY.seek(i, length, plain)).toBe(i);
    expect(STUDY.seek(30, 40, { ...plain, changePercent: Infinity })).toBe(40);
    expect(STUDY.seek(50, 60, { ...plain, changeWindow: 0 })).toBe(50);
  });
});

describe("the gate of BASIC", () => {
  it("is that of its parameters", () => {
    const p = withDefaults(BASIC, { coinTrend: { window: 20, thresholdPercent: 0.7 } });
    expect(BASIC.gate?.(p)).toEqual({
      changeWindow: 20,
      changePercent: 0.7,
      rsiAtMost: -Infinity,
      rsiAtLeast: Infinity,
      candle: BASIC.defaults.candle,
    });
  });
});

describe("the gate of ADVANCED", () => {
  const gateOf = (overrides = {}) => ADVANCED.gate?.(withDefaults(ADVANCED, overrides));

  it("asks of each trigger what its score still lacks", () => {
    expect(gateOf()).toEqual({
      changeWindow: 30,
      changePercent: 0.5,
      rsiAtMost: 35,
      rsiAtLeast: 65,
      conditions: {
        heavyRate: 0.0001,
        btcWindow: 60,
        btcPercent: 0.3,
        // With the crowd (-10) the score stays at most 75 of 80; against it (+15) it needs nothing.
        LONG_HEAVY: {
          rise: "closed",
          riseRsiAtMost: 50,
          fall: "nothing",
          fallRsiAtLeast: 30,
          oversold: "btc",
          overbought: "nothing",
        },
        SHORT_HEAVY: {
          rise: "nothing",
          riseRsiAtMost: 70,
          fall: "closed",
          fallRsiAtLeast: 50,
          oversold: "nothing",
          overbought: "btc",
        },
        // 55 + 20 is 75 of 80: RSI must add its ten, and BTC its twenty.
        NEUTRAL: {
          rise: "btc",
          riseRsiAtMost: 50,
          fall: "btc",
          fallRsiAtLeast: 50,
          oversold: "btc",
          overbought: "btc",
        },
      },
    });
  });

  it("follows the parameters that the scores are made of", () => {
    // A bonus that is a malus cannot open a trigger, and one that is not needed does not narrow it.
    expect(gateOf({ trend: { rsiBonus: -30, threshold: 75 } })?.conditions?.NEUTRAL).toMatchObject({
      rise: "btc",
      riseRsiAtMost: 70,
    });
    expect(gateOf({ trend: { btcWith: 0, btcElse: 25 } })?.conditions?.NEUTRAL).toMatchObject({
      rise: "nothing",
      riseRsiAtMost: 70,
      fallRsiAtLeast: 30,
    });
    // A score that reaches its threshold exactly suffices.
    const [nearly, withBtc, alone] = [{ btcWith: 9 }, { btcWith: 10 }, { btcElse: 10 }].map(
      (overrides) => gateOf({ reversal: overrides })?.conditions?.NEUTRAL,
    );
    expect(nearly).toMatchObject({ oversold: "closed", overbought: "closed" });
    expect(withBtc).toMatchObject({ oversold: "btc", overbought: "btc" });
    expect(alone).toMatchObject({ oversold: "nothing", overbought: "nothing" });
    expect(gateOf({ trend: { rsiOverbought: 40, rsiOversold: 60 } })?.conditions?.NEUTRAL).toMatchObject({
      riseRsiAtMost: 40,
      fallRsiAtLeast: 60,
    });
    expect(gateOf({ reversal: { crowdAgainst: 30 } })?.conditions?.LONG_HEAVY).toMatchObject({
      oversold: "btc",
      overbought: "nothing",
    });
  });
});
