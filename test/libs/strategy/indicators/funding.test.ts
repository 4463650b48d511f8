import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FundingRates } from "#libs/candles/candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { fundingSentiment, settledUntil, settlementMs } from "#libs/strategy/indicators/funding.ts";

const ratesAt = (...timesMs: number[]): FundingRates => ({
  length: timesMs.length,
  timeMs: Float64Array.from(timesMs),
  rate: new Float64Array(timesMs.length),
});

describe("settlements until a moment", () => {
  it("are those at or before it", () => {
    const funding = ratesAt(...[1, 2, 3, 4, 5].map((minutes) => minutes * MINUTE_MS));
    const expected = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    const minutes = [0, 0.9, 1, 1.9, 2, 2.9, 3, 3.9, 4, 4.9, 5, 9.9];
    expect(minutes.map((minute) => settledUntil(funding, minute * MINUTE_MS))).toEqual(expected);
  });

  it("count on the minute when they are stamped less than a second beside it", () => {
    const at = (offMs: number) => settlementMs(ratesAt(10 * MINUTE_MS + offMs), 0) - 10 * MINUTE_MS;
    expect([3, -3, 999, -999, 0].map(at)).toEqual([0, 0, 0, 0, 0]);
    expect([1000, -1000, 30_000, 59_000, 59_001].map(at)).toEqual([1000, -1000, 30_000, 59_000, 60_000]);
    const late = ratesAt(MINUTE_MS + 3);
    expect([MINUTE_MS - 1, MINUTE_MS].map((ms) => settledUntil(late, ms))).toEqual([0, 1]);
  });

  it("keep their order, whatever their stamps", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 2 }), (stamps) => {
        const funding = ratesAt(...stamps.sort((a, b) => a - b));
        const moments = stamps.map((_, k) => settlementMs(funding, k));
        expect(moments).toEqual([...moments].sort((a, b) => a - b));
      }),
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
