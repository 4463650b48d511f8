import { describe, expect, it } from "vitest";
import { firstDifference, type Observation } from "#libs/backtest/verification/observe.ts";
import type { Unit } from "#libs/backtest/verification/recording-view.ts";

const observation = (overrides: Partial<Observation> = {}): Observation => ({
  answers: [
    { question: "close()", value: 150, unit: "price" },
    { question: "rsi(1)", value: 40.5, unit: null },
  ],
  isSignal: false,
  decision: "no signal",
  fault: null,
  questionAhead: null,
  ...overrides,
});

const QUADRUPLE = { price: 4, volume: 0.5 };
const answer = (question: string, value: number | string | null, unit: Unit | null = null) => ({
  question,
  value,
  unit,
});

describe("the first difference of two observations", () => {
  it("is none between equal ones, rounding aside", () => {
    expect(firstDifference(observation(), observation())).toBeNull();
    const close = observation({
      answers: [answer("close()", 150 * (1 + 1e-12), "price"), answer("rsi(1)", 40.5)],
    });
    expect(firstDifference(observation(), close)).toBeNull();
    const unknown = observation({ answers: [answer("percentB()", Number.NaN), answer("room()", Infinity)] });
    expect(firstDifference(unknown, unknown)).toBeNull();
  });

  it("names the first answer that changed, even when the decision did not", () => {
    const found = observation({ answers: [answer("close()", 150, "price"), answer("rsi(1)", 40.6)] });
    expect(firstDifference(observation(), found)).toEqual({
      what: "rsi(1)",
      expected: "40.5",
      found: "40.6",
    });
    const appeared = observation({ answers: [answer("close()", Number.NaN, "price")] });
    expect(firstDifference(observation(), appeared)?.found).toBe("NaN");
    const rate = observation({ answers: [answer("fundingRate()", null)] });
    const known = observation({ answers: [answer("fundingRate()", 0.0001)] });
    expect(firstDifference(rate, known)).toEqual({
      what: "fundingRate()",
      expected: "null",
      found: "0.0001",
    });
  });

  it("expects prices and volumes, and nothing else, to change by their factors", () => {
    const grown = observation({ answers: [answer("close()", 600, "price"), answer("rsi(1)", 40.5)] });
    const traded = observation({ answers: [answer("volume()", 12, "volume")] });
    const less = observation({ answers: [answer("volume()", 6, "volume")] });
    expect(firstDifference(traded, less, QUADRUPLE)).toBeNull();
    expect(firstDifference(traded, traded, QUADRUPLE)).toMatchObject({ what: "volume()", expected: "6" });
    expect(firstDifference(observation(), grown, QUADRUPLE)).toBeNull();
    expect(firstDifference(observation(), observation(), QUADRUPLE)).toEqual({
      what: "close()",
      expected: "600",
      found: "150",
    });
  });

  it("blames the decision when all answers up to another question are the same", () => {
    const curious = observation({
      answers: [answer("close()", 150, "price"), answer("ma5()", 149, "price")],
      decision: "LONG with confidence 80",
    });
    expect(firstDifference(observation(), curious)).toEqual({
      what: "decision",
      expected: "no signal",
      found: "LONG with confidence 80",
    });
    expect(firstDifference(observation(), { ...curious, decision: "no signal" })).toBeNull();
    expect(firstDifference(observation(), observation({ answers: [] }))).toBeNull();
  });
});
