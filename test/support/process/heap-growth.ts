/**
 * Prints, as JSON, the bytes that walks over series of candles leave on the heap and drop there, without a signal. Run
 * by a test as a process of its own: other tests would show on its heap.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { simulate } from "#libs/backtest/engine/simulate.ts";
import { noSignal } from "#libs/strategy/decision.ts";
import { COIN_TREND } from "#libs/strategy/indicators/trend.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { print } from "#libs/terminal/terminal.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { madeInput } from "#test/support/factories/study-inputs.ts";

const LENGTHS = [50_000, 200_000];
/** Odd, for the middle one. */
const MEASUREMENTS = 9;
const NONE = noSignal("nothing is ever enough");

setFlagsFromString("--expose-gc");
// On a busy machine a thread that compiles ends at any time, and what it made shows on the heap.
setFlagsFromString("--no-concurrent-recompilation");
// A context made after the flag has the function.
const collectGarbage: () => void = runInNewContext("gc");

/** Reads the market on every candle; with a hoard it makes an object each time, and keeps it. */
function reader(hoard: object[] | null): Strategy {
  return {
    name: "READER",
    description: "reads and never signals",
    defaults: {},
    decide(view) {
      const sum =
        view.close() + view.rsi() + view.ma5() + view.bandUpper() + view.changePercent(COIN_TREND.window);
      if (hoard !== null) hoard.push({ sum });
      return sum === 0 ? { kind: "signal", side: "LONG", confidence: 1, reasons: [] } : NONE;
    },
  };
}

const studies = LENGTHS.map((length) => makeStudy(madeInput({ timeframe: "1m", length })));

/** Bytes by length: what a walk leaves and drops, and what it leaves. */
function grown(makeStrategy: () => Strategy): { candles: number; used: number; kept: number }[] {
  const options = { parameters: {}, rules: DEFAULT_TRADE_RULES, tickSize: undefined, firstIndex: 60 };
  return studies.map((study) => {
    const strategy = makeStrategy();
    const walk = (): void => {
      if (simulate(study, strategy, options).trades.length > 0) throw new Error("a signal");
    };
    // V8 compiles in the first ones.
    for (let k = 0; k < 10; k++) walk();
    const measured = Array.from({ length: MEASUREMENTS }, () => {
      collectGarbage();
      const before = process.memoryUsage().heapUsed;
      walk();
      const used = process.memoryUsage().heapUsed - before;
      collectGarbage();
      return { used, kept: process.memoryUsage().heapUsed - before };
    });
    return {
      candles: study.input.candles.length,
      used: median(measured.map(({ used }) => used)),
      kept: median(measured.map(({ kept }) => kept)),
    };
  });
}

/** Now and then V8 drops code that it has not run for long, or makes some: once, in one measurement. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) / 2] ?? Number.NaN;
}

print(`${JSON.stringify({ plain: grown(() => reader(null)), hoarding: grown(() => reader([])) })}\n`);
