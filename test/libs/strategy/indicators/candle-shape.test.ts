import { describe, expect, it } from "vitest";
import { isBearishCandle, isBullishCandle } from "#libs/strategy/indicators/candle-shape.ts";

const SHAPE = { minimumBody: 0.002, longShadow: 2, shortShadow: 0.5 };

interface Given {
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  readonly close?: number;
  /** The low (bullish) or high (bearish) of the candle before. */
  readonly before?: number;
}

/** A rising body of 1 % that closes above the low before. */
function bullish(given: Given = {}): boolean {
  const { open = 100, close = 101, before = 99 } = given;
  const { high = Math.max(open, close) + 0.1, low = Math.min(open, close) - 0.1 } = given;
  return isBullishCandle(open, high, low, close, before, SHAPE);
}

/** The mirror image. */
function bearish(given: Given = {}): boolean {
  const { open = 100, close = 99, before = 101 } = given;
  const { high = Math.max(open, close) + 0.1, low = Math.min(open, close) - 0.1 } = given;
  return isBearishCandle(open, high, low, close, before, SHAPE);
}

describe("a bullish candle", () => {
  it("rises by more than the least body and closes above the low before", () => {
    expect(bullish()).toBe(true);
    expect(bullish({ close: 99 })).toBe(false);
    expect(bullish({ close: 100.21 })).toBe(true);
    expect(bullish({ close: 100.19 })).toBe(false);
    // 0.25 / 125 is 0.002 to the bit.
    expect(bullish({ open: 125, close: 125.25 })).toBe(false);
    expect(bullish({ before: 100.9 })).toBe(true);
    expect(bullish({ before: 101 })).toBe(false);
  });

  it("or is a hammer: a lower shadow of more than two bodies, an upper one of less than half a body", () => {
    const hammer = { open: 100, close: 100.125, before: 200 };
    expect(bullish({ ...hammer, low: 99.5, high: 100.125 })).toBe(true);
    expect(bullish({ ...hammer, low: 99.75, high: 100.125 })).toBe(false);
    expect(bullish({ ...hammer, low: 99.5, high: 100.15 })).toBe(true);
    expect(bullish({ ...hammer, low: 99.5, high: 100.1875 })).toBe(false);
  });

  it("may be a hammer with a falling body", () => {
    const hammer = { open: 100.125, close: 100, before: 200 };
    expect(bullish({ ...hammer, low: 99.5, high: 100.15 })).toBe(true);
    expect(bullish({ ...hammer, low: 99.75, high: 100.15 })).toBe(false);
  });

  it("is not one without a body or a shadow", () => {
    expect(bullish({ open: 100, close: 100, low: 100, high: 100 })).toBe(false);
  });
});

describe("a bearish candle", () => {
  it("falls by more than the least body and closes below the high before", () => {
    expect(bearish()).toBe(true);
    expect(bearish({ close: 101 })).toBe(false);
    expect(bearish({ close: 99.79 })).toBe(true);
    expect(bearish({ close: 99.81 })).toBe(false);
    expect(bearish({ open: 125, close: 124.75 })).toBe(false);
    expect(bearish({ before: 99.1 })).toBe(true);
    expect(bearish({ before: 99 })).toBe(false);
  });

  it("or is a shooting star: an upper shadow of more than two bodies, a lower one of less than half a body", () => {
    const star = { open: 100.125, close: 100, before: 50 };
    expect(bearish({ ...star, high: 100.5, low: 100 })).toBe(true);
    expect(bearish({ ...star, high: 100.375, low: 100 })).toBe(false);
    expect(bearish({ ...star, high: 100.5, low: 99.95 })).toBe(true);
    expect(bearish({ ...star, high: 100.5, low: 99.9375 })).toBe(false);
  });

  it("may be a shooting star with a rising body", () => {
    const star = { open: 100, close: 100.125, before: 50 };
    expect(bearish({ ...star, high: 100.5, low: 99.95 })).toBe(true);
    expect(bearish({ ...star, high: 100.375, low: 99.95 })).toBe(false);
  });
});
