import { describe, expect, it } from "vitest";
import type { FundingRates } from "#libs/candles/candles.ts";
import { fundingSentiment, settledUntil } from "#libs/strategy/indicators/funding.ts";

const ratesAt = (...timesMs: number[]): FundingRates => ({
  length: timesMs.length,
  timeMs: Float64Array.from(timesMs),
  rate: new Float64Array(timesMs.length),
});

describe("settlements until a moment", () => {
  it("are those at or before it", () => {
    const funding = ratesAt(10, 20, 30, 40, 50);
    const expected = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    expect([0, 9, 10, 19, 20, 29, 30, 39, 40, 49, 50, 99].map((ms) => settledUntil(funding, ms))).toEqual(
      expected,
    );
  });

  it("are none without a history", () => {
    expect(settledUntil(ratesAt(), 10)).toBe(0);
  });
});

describe("the sentiment of a rate", () => {
  it("is heavy beyond 0.01 % on either side", () => {
    expect(fundingSentiment(0.00011)).toBe("LONG_HEAVY");
    expect(fundingSentiment(0.0001)).toBe("NEUTRAL");
    expect(fundingSentiment(0)).toBe("NEUTRAL");
    expect(fundingSentiment(-0.0001)).toBe("NEUTRAL");
    expect(fundingSentiment(-0.00011)).toBe("SHORT_HEAVY");
  });

  it("is neutral when the rate is unknown, and takes another limit", () => {
    expect(fundingSentiment(Number.NaN)).toBe("NEUTRAL");
    expect(fundingSentiment(0.00011, 0.001)).toBe("NEUTRAL");
  });
});
