import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import { decodeCandles } from "#libs/chart/candle-codec.ts";
import { embeddedSeries } from "#services/cli/backtest/report/embedded-series.ts";
import { madeCandles } from "#test/support/factories/made-candles.ts";

const CANDLES = madeCandles({ length: 30_000, startMs: Date.UTC(2025, 0, 1) });
const timeOf = (i: number): number => CANDLES.startMs + i * MINUTE_MS;
const trade = (signal: number, exit: number | null) => ({
  signalMs: timeOf(signal),
  exitMs: exit === null ? null : timeOf(exit),
});
const indices = (series: ReturnType<typeof embeddedSeries>) =>
  series.segments.map(({ startMs, count }) => {
    const from = (startMs - CANDLES.startMs) / MINUTE_MS;
    return [from, from + count];
  });

describe("the candles that go into the page", () => {
  it("are all of them while they are not too many", () => {
    const series = embeddedSeries(CANDLES, [], { candles: 30_000, overview: 100 });
    expect(indices(series)).toEqual([[0, 30_000]]);
    expect(series.overview).toBeNull();
  });

  it("are those around the trades otherwise, with as much about them as fits", () => {
    const trades = [trade(5000, 5100), trade(20_000, 20_010)];
    const wide = embeddedSeries(CANDLES, trades, { candles: 5000, overview: 1000 });
    expect(indices(wide)).toEqual([
      [4000, 6101],
      [19_000, 21_011],
    ]);
    const close = embeddedSeries(CANDLES, trades, { candles: 1500, overview: 1000 });
    expect(indices(close)).toEqual([
      [4700, 5401],
      [19_700, 20_311],
    ]);
    expect(close.tradesWithoutCandles).toBe(0);
  });

  it("are one segment where trades lie close together, and end where the data ends", () => {
    const series = embeddedSeries(CANDLES, [trade(29_000, 29_100), trade(29_500, null)], {
      candles: 4000,
      overview: 1000,
    });
    expect(indices(series)).toEqual([[28_000, 30_000]]);
  });

  it("are those of the latest trades when all trades would be too many", () => {
    const trades = Array.from({ length: 100 }, (_, k) =>
      trade(200 + 290 * k, 200 + 290 * k + (k < 50 ? 20 : 60)),
    );
    const series = embeddedSeries(CANDLES, trades, { candles: 1050, overview: 1000 });
    // Each of the later takes its 61 candles and 40 on either side.
    expect(series.segments).toHaveLength(7);
    expect(series.tradesWithoutCandles).toBe(93);
    expect(indices(series).at(-1)).toEqual([200 + 290 * 99 - 40, 260 + 290 * 99 + 41]);
  });

  it("come with the whole window in longer candles when some are left out", () => {
    const { overview, decimals } = embeddedSeries(CANDLES, [], { candles: 100, overview: 1000 });
    if (overview === null) throw new Error("no overview");
    expect(overview.intervalMs).toBe(30 * MINUTE_MS);
    expect(overview.count).toBe(1000);
    const { high } = decodeCandles(overview, decimals);
    expect(Math.max(...high)).toBeCloseTo(Math.max(...CANDLES.high), 9);
  });
});
