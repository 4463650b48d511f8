import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aggregate } from "#libs/candles/aggregate.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { decide } from "#libs/strategy/decide.ts";
import { noSignal } from "#libs/strategy/decision.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy, type StudyInput } from "#libs/strategy/study.ts";
import { FIRST_DECISION_INDEX } from "#libs/strategy/warm-up.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { inputUntil, madeInput, scaledInput } from "#test/support/factories/study-inputs.ts";

const input = madeInput({
  timeframe: "15m",
  baseMs: 5 * MINUTE_MS,
  length: 5_400,
  seed: 3,
  volatilityPercent: 0.4,
});
const closeTimeMs = (i: number): number => input.candles.startMs + (i + 1) * input.candles.intervalMs;

function decisions(strategy: Strategy, market: StudyInput): string[] {
  const study = makeStudy(market);
  return Array.from({ length: market.candles.length }, (_, i) => JSON.stringify(decide(strategy, study, i)));
}

/** First decision that differs when everything after candle `i` is cut off, or -1. */
function firstDifference(
  make: (market: StudyInput) => Strategy,
  whole: readonly string[],
  i: number,
): number {
  const market = inputUntil(input, closeTimeMs(i));
  return decisions(make(market), market).findIndex((decision, k) => decision !== whole[k]);
}

/** Signals when the next candle of its market will close higher: it counts the candles it is asked about. */
function cheatOn(market: StudyInput): Strategy {
  let i = FIRST_DECISION_INDEX;
  return {
    name: "CHEAT",
    description: "knows the next close",
    defaults: {},
    decide(view) {
      const next = market.candles.close[++i] ?? 0;
      return next > view.close()
        ? { kind: "signal", side: "LONG", confidence: 99, reasons: [] }
        : noSignal("falls");
    },
  };
}

describe("causality", () => {
  for (const strategy of STRATEGIES) {
    it(`cutting the market off after any candle changes no earlier decision of ${strategy.name}`, () => {
      const whole = decisions(strategy, input);
      const signals = whole.flatMap((decision, i) => (decision.includes('"signal"') ? [i] : []));
      expect(signals.length).toBeGreaterThan(0);
      const cuts = fc.oneof(
        fc.integer({ min: 0, max: input.candles.length - 1 }),
        fc.constantFrom(...signals),
        fc.constantFrom(...signals).map((i) => i - 1),
      );
      fc.assert(
        fc.property(cuts, (i) => firstDifference(() => strategy, whole, i) === -1),
        { numRuns: 60 },
      );
    });
  }

  it("the check catches a strategy that looks ahead", () => {
    const whole = decisions(cheatOn(input), input);
    const rising = whole.findIndex((decision) => decision.includes('"signal"'));
    expect(firstDifference(cheatOn, whole, rising)).toBe(rising);
  });

  it("a view refuses to look forward", () => {
    const view = makeStudy(input).at(100);
    expect(() => view.close(-1)).toThrow(RangeError);
    expect(() => view.rsi(-1)).toThrow(RangeError);
    expect(view.changePercent(0)).toBeNaN();
  });
});

describe("gates", () => {
  for (const strategy of STRATEGIES) {
    it(`the gate of ${strategy.name} is never shut where it signals`, () => {
      const gate = strategy.gate?.(strategy.defaults);
      if (gate === undefined) return;
      const study = makeStudy(input);
      const end = input.candles.length;
      let shut = 0;
      for (let i = 60; i < end; i++) {
        const open = study.seek(i, end, gate) === i;
        if (!open) shut++;
        if (decide(strategy, study, i).kind === "signal") expect(open).toBe(true);
      }
      expect(shut).toBeGreaterThan(100);
    });
  }
});

describe("scale", () => {
  it("multiplying all prices by a constant changes no signal", () => {
    const signals = (market: StudyInput): string[] =>
      STRATEGIES.flatMap((strategy) => {
        const study = makeStudy(market);
        return Array.from({ length: market.candles.length }, (_, i) => {
          const decision = decide(strategy, study, i);
          return decision.kind === "signal" ? `${i} ${decision.side} ${decision.confidence}` : "";
        });
      });
    const whole = signals(input);
    for (const factor of [2 ** -20, 0.5, 4, 1024]) expect(signals(scaledInput(input, factor))).toEqual(whole);
  });
});

describe("aggregation", () => {
  it("in two steps gives what it gives in one, and only whole buckets", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 90 }), (length, skip) => {
        const base = sliceCandles(madeCandles({ length: 800, seed: 9 }), skip, skip + length);
        const once = aggregate(base, 15 * MINUTE_MS);
        expect(aggregate(aggregate(base, 5 * MINUTE_MS), 15 * MINUTE_MS)).toEqual(once);
        expect(once.startMs % (15 * MINUTE_MS)).toBe(0);
        for (let k = 0; k < once.length; k++) {
          const first = (once.startMs - base.startMs) / MINUTE_MS + 15 * k;
          const part = sliceCandles(base, first, first + 15);
          expect(part.length).toBe(15);
          expect(once.high[k]).toBe(Math.max(...part.high));
          expect(once.low[k]).toBe(Math.min(...part.low));
          expect(once.open[k]).toBe(part.open[0]);
          expect(once.close[k]).toBe(part.close[14]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is exact where a price multiplies within a bucket", () => {
    const base = sliceCandles(madeCandles({ length: 30, seed: 9 }), 25, 30);
    const high = Float64Array.from([0.1, 7.3, 1e-7, 123.456, 0.3]);
    const joined = aggregate({ ...base, startMs: 0, high, low: high }, 5 * MINUTE_MS);
    expect(joined.high[0]).toBe(123.456);
    expect(joined.low[0]).toBe(1e-7);
  });
});
