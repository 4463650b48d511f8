import { describe, expect, it } from "vitest";
import { wilderRsi } from "#libs/strategy/rsi.ts";

describe("RSI", () => {
  it("is 50 while nothing has moved, and 100 when nothing has fallen", () => {
    expect(wilderRsi(new Float64Array(20).fill(7))[19]).toBe(50);
    expect(wilderRsi(Float64Array.from({ length: 40 }, (_, i) => 100 + i * 0.1))[39]).toBe(100);
  });

  it("is unknown for the first fourteen closes", () => {
    const rsi = wilderRsi(Float64Array.from({ length: 16 }, (_, i) => 10 + (i % 3)));
    expect([...rsi.subarray(0, 14)].every(Number.isNaN)).toBe(true);
    // Fourteen changes: five cycles of +1 +1 -2 less the last: gains 10 of 14 steps, losses 8.
    expect(rsi[14]).toBeCloseTo((100 * 10) / 18, 10);
  });

  it("is carried over exactly by an unchanged close", () => {
    const close = Float64Array.from({ length: 60 }, (_, i) => (i < 30 ? 100 + Math.sin(i) : 101.3));
    const rsi = wilderRsi(close);
    for (let i = 31; i < 60; i++) expect(rsi[i]).toBe(rsi[30]);
  });
});
