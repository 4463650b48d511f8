import { describe, expect, it } from "vitest";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { MarketError } from "#libs/market/market-error.ts";

function clocks(offByMs: number) {
  let trueMs = 1_768_478_430_000;
  let asked = 0;
  let fails = false;
  const market = {
    serverTimeMs: async () => {
      asked += 1;
      if (fails) throw new MarketError("retryable", "no answer");
      return trueMs;
    },
  };
  const own = { nowMs: () => trueMs + offByMs };
  return {
    clock: makeExchangeClock(market, own),
    trueMs: () => trueMs,
    asked: () => asked,
    pass: (ms: number) => {
      trueMs += ms;
    },
    fail: (value: boolean) => {
      fails = value;
    },
  };
}

describe("the exchange's clock", () => {
  it.each([-60_000, 0, 60_000])("is right on a machine that is off by %i ms", async (offByMs) => {
    const { clock, trueMs, pass } = clocks(offByMs);
    await clock.sync();
    expect(clock.nowMs()).toBe(trueMs());
    pass(12_345);
    expect(clock.nowMs()).toBe(trueMs());
  });

  it("asks once for all who ask at the same time, and again after a minute", async () => {
    const { clock, asked, pass } = clocks(5_000);
    await Promise.all([clock.sync(), clock.sync(), clock.sync()]);
    pass(59_999);
    await clock.sync();
    expect(asked()).toBe(1);
    pass(1);
    await clock.sync();
    expect(asked()).toBe(2);
  });

  it("fails with the exchange, and asks again the next time", async () => {
    const { clock, trueMs, fail } = clocks(5_000);
    fail(true);
    await expect(clock.sync()).rejects.toThrow("no answer");
    fail(false);
    await clock.sync();
    expect(clock.nowMs()).toBe(trueMs());
  });
});
