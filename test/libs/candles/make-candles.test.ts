import { describe, expect, it } from "vitest";
import { CandleError, showTime } from "#libs/candles/candle-error.ts";
import { endMs } from "#libs/candles/candles.ts";
import { type CandleColumns, candleProblem, makeCandles, sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";

const START = Date.UTC(2025, 4, 29, 17, 5);

/** Three sound candles, with some columns replaced. */
function columns(overrides: Partial<CandleColumns> = {}): CandleColumns {
  return {
    openTimeMs: [0, 1, 2].map((k) => START + k * MINUTE_MS),
    open: [100, 101, 102],
    high: [102, 103, 104],
    low: [99, 100, 101],
    close: [101, 102, 103],
    volume: [0, 5, 6],
    ...overrides,
  };
}

function refusal(overrides: Partial<CandleColumns>, intervalMs = MINUTE_MS): CandleError {
  try {
    makeCandles(intervalMs, columns(overrides));
  } catch (error) {
    if (error instanceof CandleError) return error;
    throw error;
  }
  throw new Error("the candles were accepted");
}

describe("a series of candles", () => {
  it("is made of columns", () => {
    const candles = makeCandles(MINUTE_MS, columns());
    expect(candles).toMatchObject({ intervalMs: MINUTE_MS, startMs: START, length: 3 });
    expect([...candles.close]).toEqual([101, 102, 103]);
    expect([...candles.volume]).toEqual([0, 5, 6]);
    expect(endMs(candles)).toBe(START + 3 * MINUTE_MS);
  });

  it("keeps a column that is a typed array already", () => {
    const close = Float64Array.from([101, 102, 103]);
    expect(makeCandles(MINUTE_MS, columns({ close })).close).toBe(close);
  });

  it("may have no candle", () => {
    const none = { openTimeMs: [], open: [], high: [], low: [], close: [], volume: [] };
    expect(makeCandles(MINUTE_MS, none)).toMatchObject({ startMs: 0, length: 0 });
  });

  it.each([0, -60_000, 0.5, Number.NaN])("refuses an interval of %d ms", (intervalMs) => {
    expect(() => makeCandles(intervalMs, columns())).toThrow(RangeError);
  });

  it.each(["open", "high", "low", "close", "volume"] as const)(
    "refuses a column %s of another length",
    (name) => {
      expect(() => makeCandles(MINUTE_MS, columns({ [name]: [100, 100] }))).toThrow(/2 and 3/);
    },
  );

  it.each<[string, readonly number[], number, RegExp]>([
    ["a duplicate", [0, 1, 1], 2, /duplicate/],
    ["a step back", [0, 1, 0], 2, /not ascending.* 1748538360000$/],
    ["a hole of one candle", [0, 1, 3], 2, /2025-05-29T17:07:00\.000Z \(1748538420000\) is missing/],
    ["a longer hole", [0, 3, 4], 1, /2 candles are missing, the first at 2025-05-29T17:06:00\.000Z/],
    ["a misaligned first candle", [0.5, 1.5, 2.5], 0, /not a multiple of the interval of 60000 ms/],
    ["a misaligned later candle", [0, 1.5, 2.5], 1, /not a multiple of the interval of 60000 ms/],
    ["half a millisecond", [0, 1 + 0.5 / MINUTE_MS, 2], 1, /whole number of milliseconds/],
    ["an unknown time", [0, Number.NaN, 2], 1, /whole number of milliseconds/],
  ])("refuses %s at the first offending time", (_, minutes, index, problem) => {
    const error = refusal({ openTimeMs: minutes.map((minute) => START + minute * MINUTE_MS) });
    expect(error.problem).toMatch(problem);
    expect(error.index).toBe(index);
    expect(error.timeMs).toBe(START + (minutes[index] ?? 0) * MINUTE_MS);
    expect(error.message).toContain(error.problem);
  });

  it("refuses impossible prices at the candle that has them", () => {
    const error = refusal({ low: [99, 105, 101] });
    expect(error).toMatchObject({
      name: "CandleError",
      index: 1,
      timeMs: START + MINUTE_MS,
      problem: "high 103 is below low 105",
    });
    expect(error.message).toBe(
      "candle at 2025-05-29T17:06:00.000Z (1748538360000): high 103 is below low 105",
    );
  });

  it("shows times that no calendar has as numbers", () => {
    expect(showTime(Number.NaN)).toBe("NaN");
    expect(showTime(9e15)).toBe("9000000000000000");
  });
});

describe("one candle", () => {
  it.each<[string, Parameters<typeof candleProblem>]>([
    ["that moves", [100, 102, 99, 101, 5]],
    ["that does not", [100, 100, 100, 100, 0]],
    ["that opens at the top and closes at the bottom", [102, 102, 99, 99, 5]],
    ["that opens at the bottom and closes at the top", [99, 102, 99, 102, 5]],
  ])("%s is sound", (_, values) => {
    expect(candleProblem(...values)).toBeNull();
  });

  it.each<[Parameters<typeof candleProblem>, string]>([
    [[100, 99, 101, 100, 1], "high 99 is below low 101"],
    [[103, 102, 99, 101, 1], "high 102 is below open"],
    [[100, 102, 99, 103, 1], "high 102 is below close"],
    [[98, 102, 99, 101, 1], "low 99 is above open"],
    [[100, 102, 99, 98, 1], "low 99 is above close"],
    [[0, 102, 0, 101, 1], "open must be above zero, not 0"],
    [[100, 102, 0, 101, 1], "low must be above zero, not 0"],
    [[100, 102, -1, 101, 1], "low must be above zero, not -1"],
    [[Number.NaN, 102, 99, 101, 1], "open is not a finite number (NaN)"],
    [[100, Infinity, 99, 101, 1], "high is not a finite number (Infinity)"],
    [[100, 102, Number.NaN, 101, 1], "low is not a finite number (NaN)"],
    [[100, 102, 99, Number.NaN, 1], "close is not a finite number (NaN)"],
    // What is equal is not what is wrong.
    [[102, 102, 101, 100, 1], "low 101 is above close"],
    [[100, 100, 100, 99, 1], "low 100 is above close"],
    [[100, 101, 100.5, 101, 1], "low 100.5 is above open"],
    [[99, 102, 99, 101, -1], "volume must not be negative (-1)"],
    [[101, 102, 99, 99, -1], "volume must not be negative (-1)"],
    [[100, 102, 99, 101, -1], "volume must not be negative (-1)"],
    [[100, 102, 99, 101, Number.NaN], "volume is not a finite number (NaN)"],
    [[100, 102, 99, 101, Infinity], "volume is not a finite number (Infinity)"],
  ])("%j is impossible", (values, problem) => {
    expect(candleProblem(...values)).toBe(problem);
  });
});

describe("a slice of candles", () => {
  const candles = madeCandles({ length: 10, seed: 2 });

  it("has the candles from the first to before the last, on the same columns", () => {
    const slice = sliceCandles(candles, 3, 7);
    expect(slice).toMatchObject({
      intervalMs: candles.intervalMs,
      startMs: candles.startMs + 3 * candles.intervalMs,
      length: 4,
    });
    for (const column of ["open", "high", "low", "close", "volume"] as const) {
      expect(slice[column]).toEqual(candles[column].slice(3, 7));
      expect(slice[column].buffer).toBe(candles[column].buffer);
    }
  });

  it("ends with the series unless told otherwise, and is cut to it", () => {
    expect(sliceCandles(candles, 8).length).toBe(2);
    expect(sliceCandles(candles, -5, 50)).toEqual(candles);
    expect(sliceCandles(candles, 7, 3)).toMatchObject({
      length: 0,
      startMs: endMs(sliceCandles(candles, 0, 7)),
    });
    expect(sliceCandles(candles, 12)).toMatchObject({ length: 0, startMs: endMs(candles) });
  });
});
