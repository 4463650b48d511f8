import * as technical from "technicalindicators";
import { describe, expect, it, vi } from "vitest";
import { makeCandles, sliceCandles } from "#libs/candles/make-candles.ts";
import { candlestickPatterns } from "#services/finder/candlestick-patterns.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";
import { makeRandom } from "#test/support/factories/random.ts";

type Row = readonly [open: number, high: number, low: number, close: number];

function candlesOf(rows: readonly Row[]) {
  const column = (index: 0 | 1 | 2 | 3) => rows.map((row) => row[index]);
  return makeCandles(60_000, {
    openTimeMs: rows.map((_, i) => i * 60_000),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: rows.map(() => 1),
  });
}

const FALLING: readonly Row[] = [
  [110, 110.5, 107.5, 108],
  [108, 108.5, 105.5, 106],
  [106, 106.5, 103.5, 104],
];

/** Lively candles that open beside the close before, as the patterns of two candles want it. */
function gappyCandles(length: number) {
  const random = makeRandom(11);
  let last = 100;
  return candlesOf(
    Array.from({ length }, (): Row => {
      const open = last * (1 + 0.006 * (random() - 0.5));
      const close = open * (1 + 0.02 * (random() - 0.5) * random());
      const high = Math.max(open, close) * (1 + 0.004 * random() ** 3);
      const low = Math.min(open, close) * (1 - 0.004 * random() ** 3);
      last = close;
      return [open, high, low, close];
    }),
  );
}

describe("the candlestick patterns of an entry", () => {
  it("are those that the last candle completes", () => {
    const engulfing = candlesOf([...FALLING, [104, 104.5, 100.5, 101], [100, 106, 99.5, 105]]);
    expect(candlestickPatterns(engulfing)).toContain("bullish_engulfing");
    expect(candlestickPatterns(engulfing)).not.toContain("bearish_engulfing");
    const later = candlesOf([
      ...FALLING,
      [104, 104.5, 100.5, 101],
      [100, 106, 99.5, 105],
      [105, 108, 104, 107],
    ]);
    expect(candlestickPatterns(later)).not.toContain("bullish_engulfing");
  });

  it("agree with the library asked directly, on every candle of a long series", () => {
    const candles = gappyCandles(800);
    const direct = {
      bullish_engulfing: technical.bullishengulfingpattern,
      bearish_engulfing: technical.bearishengulfingpattern,
      bullish_harami: technical.bullishharami,
      bearish_harami: technical.bearishharami,
      doji: technical.doji,
      three_white_soldiers: technical.threewhitesoldiers,
      three_black_crows: technical.threeblackcrows,
      bullish_spinning_top: technical.bullishspinningtop,
      dark_cloud_cover: technical.darkcloudcover,
      piercing_line: technical.piercingline,
    };
    const seen = new Set<string>();
    for (let end = 5; end <= candles.length; end++) {
      const found = candlestickPatterns(sliceCandles(candles, 0, end));
      for (const name of found) seen.add(name);
      const part = sliceCandles(candles, Math.max(0, end - 40), end);
      for (const [name, detect] of Object.entries(direct)) {
        const shape = {
          open: [...part.open],
          high: [...part.high],
          low: [...part.low],
          close: [...part.close],
        };
        expect(found.includes(name), `${name} at ${end}`).toBe(detect(shape));
      }
    }
    for (const name of ["bullish_engulfing", "bearish_engulfing", "bullish_harami", "doji"]) {
      expect(seen).toContain(name);
    }
  });

  it("are none for fewer candles than a pattern may need, and nothing is said on the console", () => {
    const said = [vi.spyOn(console, "warn"), vi.spyOn(console, "log"), vi.spyOn(console, "error")];
    const candles = madeCandles({ length: 5 });
    for (let length = 0; length < 5; length++) {
      expect(candlestickPatterns(sliceCandles(candles, 0, length))).toEqual([]);
    }
    candlestickPatterns(candles);
    for (const spy of said) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it("do not change the candles", () => {
    const candles = madeCandles({ length: 50 });
    const before = candles.close.slice();
    candlestickPatterns(candles);
    expect(candles.close).toEqual(before);
  });
});
