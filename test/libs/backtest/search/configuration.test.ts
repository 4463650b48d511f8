import { describe, expect, it } from "vitest";
import { assignmentOf, ConfigurationMaker } from "#libs/backtest/search/configuration.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";

const maker = () => new ConfigurationMaker(ADVANCED, DEFAULT_TRADE_RULES);

describe("a configuration", () => {
  it("has the values in their groups and the rest as it was", () => {
    const { parameters, rules } = maker().make([
      ["minimumFrames", 3],
      ["trend.threshold", 75],
      ["trend.rsiMiddle", 55],
      ["rules.stopLossPercent", 1.5],
    ]);
    const { defaults } = ADVANCED;
    expect(parameters).toEqual({
      ...defaults,
      minimumFrames: 3,
      trend: { ...(defaults as { trend: object }).trend, threshold: 75, rsiMiddle: 55 },
    });
    expect(rules).toEqual({ ...DEFAULT_TRADE_RULES, stopLossPercent: 1.5 });
  });

  it("shares equal groups and rules with the others, and no different ones", () => {
    const made = maker();
    const one = made.make([["zones.tolerance", 0.004]]);
    const same = made.make([
      ["zones.tolerance", 0.004],
      ["trend.threshold", 75],
    ]);
    const other = made.make([["zones.tolerance", 0.005]]);
    const zones = ({ parameters }: { parameters: object }) => (parameters as { zones: object }).zones;
    expect(zones(one)).toBe(zones(same));
    expect(zones(one)).not.toBe(zones(other));
    expect(one.rules).toBe(other.rules);
  });

  it.each([
    ["nothing", 1, "ADVANCED has no parameter nothing"],
    ["trend.nothing", 1, "ADVANCED.trend has no parameter nothing"],
    ["trend", 1, "ADVANCED.trend cannot be 1"],
    ["__proto__", 1, "ADVANCED has no parameter __proto__"],
    ["rules.nothing", 1, "unknown trade rule nothing"],
    ["rules.stopLossPercent", 0, "the trade rule stopLossPercent cannot be 0"],
    ["rules.stopLossPercent", 100, "the trade rule stopLossPercent cannot be 100"],
    ["rules.leverage", 0, "the trade rule leverage cannot be 0"],
    ["rules.leverage", Number.POSITIVE_INFINITY, "the trade rule leverage cannot be Infinity"],
    ["rules.slippagePercent", -0.1, "the trade rule slippagePercent cannot be -0.1"],
  ])("with %s = %d is refused", (name, value, message) => {
    expect(() => maker().make([[name, value]])).toThrow(message);
  });

  it.each([
    ["rules.leverage", 125],
    ["rules.takerFeePercent", 0],
    ["rules.slippagePercent", 0],
    ["rules.entryTolerancePercent", 0],
  ])("may have %s = %d", (name, value) => {
    expect(maker().make([[name, value]]).rules).toHaveProperty(name.replace("rules.", ""), value);
  });

  it("has the fixed values before those of the set", () => {
    expect(assignmentOf([["x", 1]], [{ name: "a" }, { name: "b" }], [2, 3])).toEqual([
      ["x", 1],
      ["a", 2],
      ["b", 3],
    ]);
  });
});
