import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { ADVANCED } from "#libs/strategy/advanced.ts";
import { cannotTrade } from "#libs/strategy/cannot-trade.ts";
import { decide } from "#libs/strategy/decide.ts";
import { knownMarket } from "#libs/strategy/known-market.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import { withDefaults } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const MARKET = madeInput({ length: 20_000, volatilityPercent: 0.15 });
/** Base candles of a day. */
const SIGNALS_FROM = 60;

const signals = (input: StudyInput, firstIndex: number, parameters: object): number => {
  const study = makeStudy(input);
  let count = 0;
  for (let i = Math.max(FIRST_DECISION_INDEX, firstIndex); i < input.candles.length - 1; i++) {
    if (ADVANCED.decide(study.at(i), withDefaults(ADVANCED, { ...parameters })).kind === "signal") count++;
  }
  return count;
};

/** A market of which a part is not known. */
const partlyKnown = fc.record({
  btcFrom: fc.option(fc.integer({ min: 0, max: 3_900 })),
  fundingFrom: fc.option(fc.integer({ min: 0, max: 40 })),
  frames: fc.subarray([...MARKET.frameCandles.keys()]),
  from: fc.integer({ min: 0, max: 3_900 }),
});

describe("what a strategy cannot do", () => {
  it("is never said of one that signals", () => {
    fc.assert(
      fc.property(
        partlyKnown,
        fc.integer({ min: 60, max: 110 }),
        fc.integer({ min: 70, max: 110 }),
        (part, trend, reversal) => {
          const { btc, funding, frameCandles } = MARKET;
          const input: StudyInput = {
            ...MARKET,
            btc: btc === null || part.btcFrom === null ? null : sliceCandles(btc, part.btcFrom),
            funding:
              funding === null || part.fundingFrom === null
                ? null
                : {
                    length: Math.max(0, funding.length - part.fundingFrom),
                    timeMs: funding.timeMs.subarray(part.fundingFrom),
                    rate: funding.rate.subarray(part.fundingFrom),
                  },
            frameCandles: new Map([...frameCandles].filter(([ms]) => part.frames.includes(ms))),
          };
          const overrides = { trend: { threshold: trend }, reversal: { threshold: reversal } };
          const parameters = withDefaults(ADVANCED, overrides);
          const reason = cannotTrade(ADVANCED, parameters, knownMarket(input, part.from));
          if (reason !== null) expect(signals(input, part.from, overrides)).toBe(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("is said where nothing known reaches a threshold, and not where it does", () => {
    const why = (input: StudyInput): string | null =>
      cannotTrade(ADVANCED, ADVANCED.defaults, knownMarket(input));
    const bare = { ...MARKET, btc: null, funding: null };
    expect(why(MARKET)).toBeNull();
    expect(why({ ...MARKET, btc: null })).toBeNull();
    expect(why({ ...MARKET, funding: null })).toBeNull();
    expect(why(bare)).toContain("BTC is unknown, and funding is unknown");
    expect(why({ ...bare, btc: MARKET.btc && sliceCandles(MARKET.btc, 3_970) })).toContain(
      "BTC is known for 29 candles, its trend needs 60",
    );
    const { funding } = MARKET;
    const quiet = funding && { ...funding, rate: funding.rate.map(() => 0.0001) };
    expect(why({ ...bare, funding: quiet })).toContain("no funding rate is beyond 0.01 %");
    // Its own market.
    expect(why({ ...bare, symbol: "BTCUSDT" })).toBeNull();
  });

  it("is said of frames that never have a full window", () => {
    const early = madeInput({ length: 1_300 });
    expect(cannotTrade(ADVANCED, ADVANCED.defaults, knownMarket(early))).toContain(
      "it needs 2 Fibonacci frames with a full window, and none ever has one",
    );
    const oneFrame = { ...MARKET, frameCandles: new Map() };
    expect(cannotTrade(ADVANCED, ADVANCED.defaults, knownMarket(oneFrame))).toContain(
      "only 5m/1d ever has one",
    );
  });

  it("is said of every strategy without a decision that can be entered", () => {
    for (const strategy of STRATEGIES) {
      for (const [length, none] of [
        [61, true],
        [62, false],
      ] as const) {
        const input = { ...MARKET, candles: sliceCandles(MARKET.candles, 0, length) };
        const { decisions } = knownMarket(input);
        expect(decisions).toBe(none ? 0 : 1);
        const reason = cannotTrade(
          { ...strategy, cannotSignal: () => null },
          strategy.defaults,
          knownMarket(input),
        );
        expect(reason === null).toBe(!none);
      }
      expect(knownMarket(MARKET, MARKET.candles.length - 1).decisions).toBe(0);
    }
  });
});

describe("the age of a funding rate", () => {
  it("is three days at most, then the rate is unknown", () => {
    const { candles } = MARKET;
    const settledMs = candles.startMs + 100 * candles.intervalMs;
    const funding = { length: 1, timeMs: Float64Array.of(settledMs), rate: Float64Array.of(0.01) };
    const study = makeStudy({ ...MARKET, funding });
    const known = Array.from({ length: candles.length }, (_, i) => study.at(i).fundingRate() !== null);
    const first = known.indexOf(true);
    expect(first).toBe(99);
    expect(known.lastIndexOf(true)).toBe(99 + (3 * 86_400_000) / candles.intervalMs);
    expect(known.slice(first, known.lastIndexOf(true) + 1)).not.toContain(false);
    // In any order, as a cursor keeps the rate that it has found.
    for (const i of [2_000, 99, 963, 964, 98, 500]) {
      expect(study.at(i).fundingRate() !== null).toBe(i >= 99 && i <= 963);
    }
    expect(decide(ADVANCED, study, SIGNALS_FROM).kind).toBe("none");
  });
});
