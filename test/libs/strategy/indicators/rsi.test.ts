import { describe, expect, it } from "vitest";
import { wilderRsi } from "#libs/strategy/indicators/rsi.ts";

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

  it("begins with the first move when nothing has moved before", () => {
    const close = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? 7 : i === 20 ? 8 : 7.5));
    const rsi = wilderRsi(close);
    expect([...rsi.subarray(14, 20)]).toEqual(Array(6).fill(50));
    expect(rsi[20]).toBe(100);
    // A gain of 1, then a loss of 0.5 of which the average takes as much as of the gain shrunk by one candle.
    expect(rsi[21]).toBeCloseTo((100 * 13) / (13 + 14 * 0.5), 10);
    expect(rsi[39]).toBe(rsi[21]);
  });

  it("is carried over exactly by an unchanged close", () => {
    const close = Float64Array.from({ length: 60 }, (_, i) => (i < 30 ? 100 + Math.sin(i) : 101.3));
    const rsi = wilderRsi(close);
    for (let i = 31; i < 60; i++) expect(rsi[i]).toBe(rsi[30]);
  });

  it("agrees with Wilder's own averages at any length, through a standstill of weeks", () => {
    const standstill = { from: 3_000, until: 40_000 };
    let price = 100;
    const close = Float64Array.from({ length: 60_000 }, (_, i) => {
      const stands = i >= standstill.from && i < standstill.until;
      price *= stands ? 1 : 1 + 0.001 * Math.sin(i * i);
      return price;
    });
    const rsi = wilderRsi(close);
    const still = rsi.subarray(standstill.from, standstill.until);
    expect(still.every((value) => value === rsi[standstill.from - 1])).toBe(true);
    let [gain, loss] = [0, 0];
    const wrong: number[] = [];
    for (let i = 1; i < close.length; i++) {
      const change = (close[i] ?? Number.NaN) - (close[i - 1] ?? Number.NaN);
      const seeding = i <= 14;
      gain = seeding ? gain + Math.max(change, 0) / 14 : (gain * 13 + Math.max(change, 0)) / 14;
      loss = seeding ? loss + Math.max(-change, 0) / 14 : (loss * 13 + Math.max(-change, 0)) / 14;
      // In the standstill the averages themselves shrink to nothing.
      if (i < 14 || (i >= standstill.from && i < standstill.until)) continue;
      const expected = (100 * gain) / (gain + loss);
      // Right after it, what is left of the time before is nothing too, if not the same nothing.
      if (!(Math.abs((rsi[i] ?? Number.NaN) - expected) <= 1e-9 * expected + 1e-60)) wrong.push(i);
    }
    expect(wrong).toEqual([]);
  });
});
