import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inferTickSize } from "#libs/candles/infer-tick.ts";
import { makeRandom } from "#test/support/factories/random.ts";

function pricesOf(candles: number, price: (k: number) => number) {
  const column = (offset: number) => Float64Array.from({ length: candles }, (_, i) => price(4 * i + offset));
  return { length: candles, open: column(0), high: column(1), low: column(2), close: column(3) };
}

const TICKS = ["0.0005", "0.05", "0.01", "0.25", "0.5", "1", "5", "10", "0.1", "0.00000001", "0.002"];

describe("the tick of a file", () => {
  it.each(TICKS)("is the step of its prices: %s", (tick) => {
    const random = makeRandom(1);
    const prices = pricesOf(100, () => Math.round(1_000 + random() * 400) * Number(tick));
    expect(inferTickSize(prices)).toBe(tick);
  });

  it("is not decided by noise: neither by one cell, nor by a fifth of them", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TICKS),
        fc.constantFrom(0.002, 0.2),
        fc.constantFrom(8, 15),
        fc.integer({ min: 1, max: 100_000 }),
        (tick, share, digits, seed) => {
          const random = makeRandom(seed);
          const decimals = tick.split(".")[1]?.length ?? 0;
          const prices = pricesOf(400, (k) => {
            const price = Number((Math.round(1_000 + random() * 400) * Number(tick)).toFixed(decimals));
            if (k !== 17 && random() > share) return price;
            return Number((price * (1 + random() * 1e-3)).toPrecision(digits));
          });
          expect(inferTickSize(prices)).toBe(tick);
        },
      ),
    );
  });

  it("is read from 15 digits: what binary fractions add is no price", () => {
    const noisy = [0.22885000000000003, 0.23010000000000003, 0.22940000000000002, 0.22919999999999999];
    expect(inferTickSize(pricesOf(4, (k) => noisy[k % 4] ?? 0.1))).toBe("0.00001");
    expect(inferTickSize(pricesOf(4, (k) => [8.5e-6, 8.4e-6, 8.6e-6, 8.7e-6][k % 4] ?? 1))).toBe("0.0000001");
  });

  it("is that of the prices that move: a price that repeats the one before says nothing", () => {
    const random = makeRandom(2);
    const prices = pricesOf(500, (k) => (k < 1_900 ? 100 : Number((100 + random()).toFixed(2))));
    expect(inferTickSize(prices)).toBe("0.01");
  });

  it("is never a tenth of the price or more", () => {
    expect(Number(inferTickSize(pricesOf(10, (k) => 100 + 100 * (k % 5))))).toBeLessThanOrEqual(10);
  });

  it("is none where there are no prices, or computed ones only", () => {
    const random = makeRandom(3);
    expect(inferTickSize(pricesOf(0, () => 1))).toBeNull();
    expect(inferTickSize(pricesOf(300, () => 10 + random()))).toBeNull();
  });

  it("is the finer one after a change that most prices have seen", () => {
    const random = makeRandom(4);
    const prices = (coarse: number) =>
      pricesOf(500, (k) => Number((100 + random()).toFixed(k < coarse ? 1 : 3)));
    expect(inferTickSize(prices(600))).toBe("0.001");
    expect(inferTickSize(prices(1_800))).toBe("0.1");
  });
});
