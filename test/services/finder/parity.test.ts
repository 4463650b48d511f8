import { beforeAll, describe, expect, it } from "vitest";
import { openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS, MINUTE_MS, TIMEFRAMES, type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import { loadHistory } from "#libs/history/history.ts";
import { syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { decide } from "#libs/strategy/decide.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { WARM_UP_CANDLES } from "#libs/strategy/warm-up.ts";
import { sourceMarket } from "#test/support/factories/source-market.ts";

const SYMBOL = "KELVAUSDT";
const TO_MS = Date.UTC(2026, 0, 15);
/** What the finder loads unless told otherwise, and the least it ever loads. */
const LOADS = [1000, WARM_UP_CANDLES + 1];

/** What every strategy says of the last candle that has closed at a moment, from as many candles as are loaded. */
async function decisionsAt(
  source: ReturnType<typeof syntheticExchange>,
  timeframe: Timeframe,
  toMs: number,
  candles: number,
): Promise<readonly string[]> {
  const { input } = await loadHistory(sourceMarket(source, toMs), {
    symbol: SYMBOL,
    timeframe,
    fromMs: toMs - (candles - WARM_UP_CANDLES) * timeframeMs(timeframe),
    toMs,
    withBtc: true,
  });
  expect(input.candles.length).toBe(candles);
  const study = makeStudy(input);
  return STRATEGIES.map((strategy) => JSON.stringify(decide(strategy, study, candles - 1)));
}

describe("what the finder loads, candle after candle of a day", () => {
  let source: ReturnType<typeof syntheticExchange>;
  beforeAll(() => {
    source = syntheticExchange();
  });

  it.each(TIMEFRAMES)(
    "decides %s as the backtest of a longer window does",
    async (timeframe) => {
      const intervalMs = timeframeMs(timeframe);
      // A day has 1,440 candles of a minute: one in five minutes then, and every one that signals.
      const stride = Math.ceil((5 * MINUTE_MS) / intervalMs);
      const { input, firstIndex } = await loadHistory(sourceMarket(source, TO_MS), {
        symbol: SYMBOL,
        timeframe,
        fromMs: TO_MS - 3 * DAY_MS,
        toMs: TO_MS,
        withBtc: true,
      });
      const study = makeStudy(input);
      const { length } = input.candles;
      const first = length - DAY_MS / intervalMs;
      expect(first).toBeGreaterThan(firstIndex);
      let compared = 0;
      for (let i = first; i < length; i++) {
        const expected = STRATEGIES.map((strategy) => JSON.stringify(decide(strategy, study, i)));
        const isSignal = expected.some((decision) => decision.includes('"signal"'));
        if (i % stride !== 0 && !isSignal) continue;
        for (const candles of LOADS) {
          const closeMs = openTimeMs(input.candles, i + 1);
          expect(await decisionsAt(source, timeframe, closeMs, candles)).toEqual(expected);
        }
        compared++;
      }
      expect(compared).toBeGreaterThanOrEqual(DAY_MS / intervalMs / stride - 1);
    },
    120_000,
  );
});
