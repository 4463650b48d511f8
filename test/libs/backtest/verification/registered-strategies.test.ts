import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verifyStrategy } from "#libs/backtest/verification/verify-strategy.ts";
import { aggregate } from "#libs/candles/aggregate.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS, TIMEFRAMES, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { readCandles } from "#libs/recordings/read-candles.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { aggregateFrames } from "#libs/strategy/frames.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";
import { NO_RECORDINGS, sharedFile } from "#test/support/shared-data.ts";

/** Enough for a warm-up, and then some. */
const CANDLES = WARM_UP_CANDLES + 400;
/** The same cases on every machine; a run elsewhere may be given another seed. */
const CASES = { seed: 20250529, numRuns: 10 };

/** Nothing is found on any of the markets, and there was something to find it on. */
async function expectSound(name: string, markets: fc.Arbitrary<Promise<StudyInput> | StudyInput>) {
  const strategy = STRATEGIES.find((other) => other.name === name) ?? expect.fail(`no ${name}`);
  let signals = 0;
  await fc.assert(
    fc.asyncProperty(markets, async (market) => {
      const verification = verifyStrategy(strategy, await market);
      expect(Object.values(verification.violations).filter((violation) => violation !== null)).toEqual([]);
      expect(verification.cutOffAt).toBe(verification.decided);
      expect(verification.warmUpTriedAt).toBeGreaterThan(100);
      signals += verification.signals;
    }),
    CASES,
  );
  expect(signals).toBeGreaterThan(0);
}

const anyMade = fc
  .record({
    timeframe: fc.constantFrom(...TIMEFRAMES),
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    volatilityPercent: fc.constantFrom(0.1, 0.2, 0.4),
    isAlone: fc.boolean(),
  })
  .map(({ timeframe, isAlone, ...options }) => {
    const length = (CANDLES * timeframeMs(timeframe)) / MINUTE_MS;
    const input = madeInput({ timeframe, length, ...options });
    return isAlone ? { ...input, btc: null, funding: null } : input;
  });

describe("every registered strategy on made markets", () => {
  it.each(STRATEGIES.map(({ name }) => name))(
    "%s decides without the future, a memory, a scale or a longer history",
    (name) => expectSound(name, anyMade),
    120_000,
  );
});

const RECORDED = ["BTC", "ETH", "SOL"] as const;
const files = (coin: string) => [
  sharedFile(`data/candles/BYBIT_${coin}USDT_1.csv.gz`),
  sharedFile(`data/bybit/funding_${coin}USDT.csv.gz`),
];

/** Reads a file once. */
function reading<T>(read: (path: string) => Promise<T>): (path: string | null | undefined) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (path) => {
    if (typeof path !== "string") throw new Error(NO_RECORDINGS);
    const found = known.get(path) ?? read(path);
    known.set(path, found);
    return found;
  };
}

const candlesOf = reading(readCandles);
const ratesOf = reading(readFunding);

/** A stretch of a recorded coin, as a file of that stretch would give it. */
async function recordedStretch(coin: string, timeframe: Timeframe, part: number): Promise<StudyInput> {
  const [candleFile, fundingFile] = files(coin);
  const whole = await candlesOf(candleFile);
  const minutes = (CANDLES * timeframeMs(timeframe)) / MINUTE_MS;
  const from = Math.floor(part * Math.max(0, whole.length - minutes));
  const stretch = (candles: Candles) => sliceCandles(candles, from, from + minutes);
  const base = stretch(whole);
  const candles = aggregate(base, timeframeMs(timeframe));
  return {
    symbol: `${coin}USDT`,
    timeframe,
    candles,
    frameCandles: aggregateFrames(base, timeframe, candles),
    btc: aggregate(stretch(await candlesOf(files("BTC")[0])), timeframeMs(timeframe)),
    funding: await ratesOf(fundingFile),
  };
}

const anyRecorded = fc
  .tuple(
    fc.constantFrom(...RECORDED),
    fc.constantFrom(...TIMEFRAMES),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([coin, timeframe, part]) => recordedStretch(coin, timeframe, part));

describe.skipIf(RECORDED.some((coin) => files(coin).includes(null)))(
  `every registered strategy on recorded markets (${NO_RECORDINGS})`,
  () => {
    it.each(STRATEGIES.map(({ name }) => name))(
      "%s decides without the future, a memory, a scale or a longer history",
      (name) => expectSound(name, anyRecorded),
      120_000,
    );
  },
);
