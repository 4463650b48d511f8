import { describe, expect, it } from "vitest";
import { firstDifference, type Observation } from "#libs/backtest/verification/observe.ts";

const observation = (overrides: Partial<Observation> = {}): Observation => ({
  answers: [
    { question: "close()", value: 150, isPrice: true },
    { question: "rsi(1)", value: 40.5, isPrice: false },
  ],
  isSignal: false,
  decision: "no signal",
  ...overrides,
});

const answer = (question: string, value: number | string | null, isPrice = false) => ({
  question,
  value,
  isPrice,
});

describe("the first difference of two observations", () => {
  it("is none between equal ones, rounding aside", () => {
    expect(firstDifference(observation(), observation())).toBeNull();
    const close = observation({
      answers: [answer("close()", 150 * (1 + 1e-12), true), answer("rsi(1)", 40.5)],
    });
    expect(firstDifference(observation(), close)).toBeNull();
    const unknown = observation({ answers: [answer("percentB()", Number.NaN), answer("room()", Infinity)] });
    expect(firstDifference(unknown, unknown)).toBeNull();
  });

  it("names the first answer that changed, even when the decision did not", () => {
    const found = observation({ answers: [answer("close()", 150, true), answer("rsi(1)", 40.6)] });
    expect(firstDifference(observation(), found)).toEqual({
      what: "rsi(1)",
      expected: "40.5",
      found: "40.6",
    });
    const appeared = observation({ answers: [answer("close()", Number.NaN, true)] });
    expect(firstDifference(observation(), appeared)?.found).toBe("NaN");
    const rate = observation({ answers: [answer("fundingRate()", null)] });
    const known = observation({ answers: [answer("fundingRate()", 0.0001)] });
    expect(firstDifference(rate, known)).toEqual({
      what: "fundingRate()",
      expected: "null",
      found: "0.0001",
    });
  });

  it("expects prices, and only prices, to grow by the factor", () => {
    const grown = observation({ answers: [answer("close()", 600, true), answer("rsi(1)", 40.5)] });
    expect(firstDifference(observation(), grown, 4)).toBeNull();
    expect(firstDifference(observation(), observation(), 4)).toEqual({
      what: "close()",
      expected: "600",
      found: "150",
    });
  });

  it("blames the decision when all answers up to another question are the same", () => {
    const curious = observation({
      answers: [answer("close()", 150, true), answer("ma5()", 149, true)],
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
