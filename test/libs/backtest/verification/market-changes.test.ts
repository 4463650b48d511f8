import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AlteredFuture } from "#libs/backtest/verification/altered-future.ts";
import { marketAsLoaded, marketUntil, scaledMarket } from "#libs/backtest/verification/market-changes.ts";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import { inputUntil, madeInput, scaledInput } from "#test/support/factories/study-inputs.ts";

const INPUT = madeInput({ timeframe: "5m", length: 9_000, seed: 3 });
const { candles } = INPUT;

describe("the market until a moment", () => {
  it("is what had closed and been settled then", () => {
    const moment = fc.integer({ min: candles.startMs, max: endMs(candles) + DAY_MS });
    fc.assert(
      fc.property(moment, (timeMs) => {
        expect(marketUntil(INPUT, timeMs)).toEqual(inputUntil(INPUT, timeMs));
      }),
      { numRuns: 30 },
    );
  });

  it("keeps one series one", () => {
    const own = { ...INPUT, btc: candles, frameCandles: new Map([[candles.intervalMs, candles]]) };
    const known = marketUntil(own, openTimeMs(candles, 100));
    expect(known.btc).toBe(known.candles);
    expect(known.frameCandles.get(candles.intervalMs)).toBe(known.candles);
  });
});

describe("the market as live services load it", () => {
  // Long enough for the longest lookback before the warm-up.
  const input = madeInput({ timeframe: "5m", length: 20_000, seed: 3 });
  const { candles } = input;
  const i = 3_900;
  const load = () => marketAsLoaded(input, i, 500);
  const closedMs = openTimeMs(candles, i + 1);

  it("ends with the candle that is decided about and begins a warm-up before it", () => {
    const loaded = load();
    expect(loaded.candles.length).toBe(501);
    expect(endMs(loaded.candles)).toBe(closedMs);
    expect(loaded.candles.close.at(-1)).toBe(candles.close[i]);
    expect(loaded.btc?.startMs).toBe(loaded.candles.startMs);
    expect(loaded.btc?.length).toBe(501);
  });

  it("has each frame's candles from a lookback before that on", () => {
    const loaded = load();
    for (const [intervalMs, days] of [
      [15, 2],
      [30, 5],
      [240, 7],
    ].map(([minutes = 0, count = 0]) => [minutes * MINUTE_MS, count] as const)) {
      const whole = input.frameCandles.get(intervalMs);
      const frame = loaded.frameCandles.get(intervalMs);
      if (whole === undefined || frame === undefined) throw new Error("the made market has all frames");
      const aligned = Math.floor(loaded.candles.startMs / intervalMs) * intervalMs;
      expect(frame.startMs).toBe(aligned - days * DAY_MS);
      expect(frame.startMs).toBeGreaterThan(whole.startMs);
      expect(endMs(frame)).toBe(Math.floor(closedMs / intervalMs) * intervalMs);
    }
  });

  it("knows the rate that held when the first candle opened, and none before or after", () => {
    const loaded = load();
    const times = [...(loaded.funding?.timeMs ?? [])];
    expect(loaded.funding?.length).toBe(times.length);
    const [first = Number.NaN, second = Number.NaN] = times;
    expect(first).toBeLessThanOrEqual(loaded.candles.startMs);
    expect(second).toBeGreaterThan(loaded.candles.startMs);
    expect(times.at(-1)).toBeLessThanOrEqual(closedMs);
    const settled = [...(input.funding?.timeMs ?? [])];
    expect(settled.filter((timeMs) => timeMs >= first && timeMs <= closedMs)).toEqual(times);
  });

  it("is all there is when there is less", () => {
    expect(marketAsLoaded(input, 70, 500).candles.length).toBe(71);
  });
});

describe("the market at other prices", () => {
  it("has other volumes at the same prices", () => {
    const heavier = scaledMarket(INPUT, 1, 8).candles;
    expect(heavier.volume).toEqual(candles.volume.map((volume) => volume * 8));
    expect(heavier.close).toEqual(candles.close);
  });

  it("is the same but for the prices, and a copy", () => {
    expect(scaledMarket(INPUT, 4)).toEqual(scaledInput(INPUT, 4));
    expect(scaledMarket(INPUT, 1).candles.close).not.toBe(candles.close);
  });
});

describe("a future that is another one", () => {
  const columnsOf = ({ open, high, low, close, volume }: Candles) => [open, high, low, close, volume];
  const allSeries = () => [
    candles,
    ...INPUT.frameCandles.values(),
    ...(INPUT.btc === null ? [] : [INPUT.btc]),
  ];

  it("changes an array that two series share once", () => {
    const shared = { ...INPUT, frameCandles: new Map([[candles.intervalMs, { ...candles }]]) };
    const before = candles.close.slice();
    const future = new AlteredFuture(shared, 2);
    try {
      future.after(openTimeMs(candles, 1));
      expect(candles.close).toEqual(before.map((price, k) => (k === 0 ? price : price * 2)));
    } finally {
      future.restore();
    }
    expect(candles.close).toEqual(before);
  });

  it("changes the rates that settle later, and restores them", () => {
    const { funding } = INPUT;
    if (funding === null) throw new Error("the made market has funding");
    const before = funding.rate.slice();
    const moment = (funding.timeMs[3] ?? 0) + 1;
    const future = new AlteredFuture(INPUT, 1.25);
    try {
      future.after(moment);
      expect([...funding.rate]).toEqual([...before].map((rate, k) => (k <= 3 ? rate : rate * 1.25)));
    } finally {
      future.restore();
    }
    expect(funding.rate).toEqual(before);
  });

  it("changes every price and volume that becomes known later, once, and no earlier one", () => {
    const before = allSeries().map((series) => columnsOf(series).map((column) => column.slice()));
    const future = new AlteredFuture(INPUT, 1.25);
    try {
      // In two steps, as a walk does it; the second one must not alter again what the first has.
      for (const moment of [1_200, 900].map((i) => openTimeMs(candles, i + 1))) {
        future.after(moment);
        for (const [s, series] of allSeries().entries()) {
          const known = (moment - series.startMs) / series.intervalMs;
          for (const [c, column] of columnsOf(series).entries()) {
            const expected = before[s]?.[c]?.map((price, k) => (k + 1 <= known ? price : price * 1.25));
            expect(column).toEqual(expected);
          }
        }
      }
    } finally {
      future.restore();
    }
    expect(allSeries().map(columnsOf)).toEqual(before);
  });
});
