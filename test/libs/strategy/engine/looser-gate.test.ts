import { describe, expect, it } from "vitest";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { BASIC } from "#libs/strategy/basic.ts";
import type { Gate } from "#libs/strategy/engine/gate.ts";
import { looserGate } from "#libs/strategy/engine/looser-gate.ts";
import { type Strategy, type StrategyParameters, withDefaults } from "#libs/strategy/strategy.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const INPUT = madeInput({ timeframe: "3m", length: 30_000, volatilityPercent: 0.1 });

function gateOf(strategy: Strategy, overrides: StrategyParameters): Gate {
  const gate = strategy.gate?.(withDefaults(strategy, overrides));
  if (gate === undefined) throw new Error("the strategy has a gate");
  return gate;
}

function openAt(gate: Gate): Set<number> {
  const study = makeStudy(INPUT);
  const { length } = INPUT.candles;
  const open = new Set<number>();
  for (let i = study.seek(60, length, gate); i < length; i = study.seek(i + 1, length, gate)) open.add(i);
  return open;
}

const PAIRS: readonly (readonly [string, Strategy, StrategyParameters, StrategyParameters])[] = [
  ["the coin's move", BASIC, { coinTrend: { thresholdPercent: 0.3 } }, { candle: { minimumBody: 0.0005 } }],
  [
    "the shadows",
    BASIC,
    { candle: { longShadow: 4, shortShadow: 2 } },
    { candle: { longShadow: 1, shortShadow: 0.1 } },
  ],
  ["RSI", ADVANCED, { reversal: { rsiLow: 45, rsiHigh: 70 } }, { reversal: { rsiLow: 20, rsiHigh: 55 } }],
  ["the scores", ADVANCED, { trend: { threshold: 65 } }, { reversal: { threshold: 80 } }],
  [
    "RSI with the trend",
    ADVANCED,
    { trend: { rsiMiddle: 40 } },
    { trend: { rsiMiddle: 60, rsiOverbought: 90 } },
  ],
  ["BTC's move", ADVANCED, { btcTrend: { thresholdPercent: 0.1 } }, { btcTrend: { thresholdPercent: 0.6 } }],
];

describe("the looser of two gates", () => {
  it.each(PAIRS)("is open wherever one of them is: %s", (_, strategy, one, other) => {
    const gates = [gateOf(strategy, one), gateOf(strategy, other)] as const;
    for (const [a, b] of [gates, gates.toReversed() as [Gate, Gate]] as const) {
      const joined = looserGate(a, b);
      if (joined === null) throw new Error("the gates can be joined");
      const open = openAt(joined);
      const needed = [...openAt(a), ...openAt(b)];
      expect(needed.length).toBeGreaterThan(100);
      expect(needed.filter((i) => !open.has(i))).toEqual([]);
      expect(open.size).toBeLessThan(INPUT.candles.length - 60);
    }
  });

  it("of a gate and itself is that gate", () => {
    for (const strategy of [BASIC, ADVANCED] as readonly Strategy[]) {
      const gate = gateOf(strategy, {});
      expect(looserGate(gate, gate)).toEqual(gate);
    }
  });

  it("asks for no shape when one of them asks for none", () => {
    const shaped = gateOf(BASIC, {});
    const { candle, ...plain } = shaped;
    expect(candle).toBeDefined();
    expect(looserGate(shaped, plain)).toEqual(plain);
    expect(looserGate(plain, shaped)).toEqual(plain);
  });

  it.each([
    ["windows", { coinTrend: { window: 20 } }],
    ["windows of BTC", { btcTrend: { window: 40 } }],
    ["heavy rates", { fundingHeavyRate: 0.0002 }],
  ])("does not exist for different %s", (_, overrides) => {
    expect(looserGate(gateOf(ADVANCED, {}), gateOf(ADVANCED, overrides))).toBeNull();
  });

  it("does not exist when only one of them has needs", () => {
    const { conditions, ...plain } = gateOf(ADVANCED, {});
    expect(conditions).toBeDefined();
    expect(looserGate(gateOf(ADVANCED, {}), plain)).toBeNull();
    expect(looserGate(plain, gateOf(ADVANCED, {}))).toBeNull();
  });
});
