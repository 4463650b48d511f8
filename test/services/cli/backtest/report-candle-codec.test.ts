import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalsOf, decodeCandles, encodeCandles, type PriceColumns } from "#libs/chart/candle-codec.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";

/** Prices as an exchange prints them: whole numbers of ticks. */
function printed(
  rows: readonly (readonly [number, number, number, number])[],
  decimals: number,
): PriceColumns {
  const column = (pick: (row: readonly [number, number, number, number]) => number): Float64Array =>
    Float64Array.from(rows, (row) => pick(row) / 10 ** decimals);
  return {
    open: column(([open]) => open),
    high: column(([open, close, up]) => Math.max(open, close) + up),
    low: column(([open, close, , down]) => Math.min(open, close) - down),
    close: column(([, close]) => close),
  };
}

const rowsOf = (highest: number) =>
  fc.array(
    fc.tuple(
      fc.integer({ min: highest / 2, max: highest }),
      fc.integer({ min: highest / 2, max: highest }),
      fc.integer({ min: 0, max: 1000 }),
      fc.integer({ min: 0, max: 1000 }),
    ),
    { minLength: 1, maxLength: 60 },
  );

function encoded(prices: PriceColumns, decimals: number, from = 0, to = prices.open.length) {
  return { startMs: 0, count: to - from, bytes: encodeCandles(prices, from, to, decimals) };
}

describe("candles as text", () => {
  it.each([
    ["small units", 20_000, 2],
    ["many decimals", 9_000_000_000, 8],
    ["more than 32 bits", 40_000_000_000_000, 9],
  ])("come back as the very doubles they were, with %s", (_, highest, decimals) => {
    fc.assert(
      fc.property(rowsOf(highest), (rows) => {
        const prices = printed(rows, decimals);
        expect(decodeCandles(encoded(prices, decimals), decimals)).toEqual(prices);
      }),
    );
  });

  it("come back from any segment of a series", () => {
    const prices = printed(
      [
        [100, 110, 5, 5],
        [110, 90, 0, 2],
        [90, 95, 1, 1],
        [95, 95, 0, 0],
      ],
      1,
    );
    const part = decodeCandles(encoded(prices, 1, 1, 3), 1);
    expect([...part.open]).toEqual([11, 9]);
    expect([...part.low]).toEqual([8.8, 8.9]);
  });

  it("take fewer than eight characters a candle for a usual market", () => {
    const prices = madeCandles({ length: 20_000 });
    expect(encoded(prices, decimalsOf(prices)).bytes.length / 20_000).toBeLessThan(8);
  });
});

describe("the decimals of prices", () => {
  it("are the fewest that print them all", () => {
    const of = (...values: number[]) => {
      const column = Float64Array.from(values);
      return decimalsOf({ open: column, high: column, low: column, close: column });
    };
    expect(of(100, 250)).toBe(0);
    expect(of(100, 0.1)).toBe(1);
    expect(of(0.00012, 3)).toBe(5);
    expect(of(0.1 + 0.2)).toBe(1);
  });

  it("keep eight significant digits of prices that are no short decimals", () => {
    const prices = madeCandles({ length: 500, tick: 0, price: 0.0123 });
    const decimals = decimalsOf(prices);
    const back = decodeCandles(encoded(prices, decimals), decimals);
    for (const [i, close] of prices.close.entries()) {
      expect(Math.abs((back.close[i] ?? 0) / close - 1)).toBeLessThan(1e-7);
    }
    expect(decimals).toBeLessThan(12);
  });
});
