import { describe, expect, it } from "vitest";
import { buyAndHold } from "#libs/backtest/statistics/buy-and-hold.ts";
import { statisticsOf } from "#libs/backtest/statistics/statistics.ts";
import type { Candles, FundingRates } from "#libs/candles/candles.ts";
import { HOUR_MS } from "#libs/candles/timeframe.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";

const netsOf = (...nets: number[]) => nets.map((net) => ({ net }));

describe("the statistics of a strategy", () => {
  it("are null, never 0, where there is nothing to measure", () => {
    expect(statisticsOf([])).toEqual({
      winRateInterval: null,
      meanTradePValue: null,
      sharpe: null,
      probabilisticSharpe: null,
      deflatedSharpe: null,
      trials: 1,
    });
    const one = statisticsOf(netsOf(18.8));
    expect(one.winRateInterval?.high).toBe(100);
    expect(one.sharpe).toBeNull();
    expect(statisticsOf(netsOf(-11.3, -11.3, -11.3)).deflatedSharpe).toBeNull();
  });

  it("see no skill in the spread of the costs, when all trades ended at their target or all were stopped", () => {
    for (const nets of [
      [18.71, 18.69, 18.71, 18.69],
      [18.71, 18.19, 19.26],
      [-11.29, -11.31, -11.3, -11.31, -11.28],
    ]) {
      const { sharpe, probabilisticSharpe, deflatedSharpe, winRateInterval } = statisticsOf(netsOf(...nets));
      expect({ sharpe, probabilisticSharpe, deflatedSharpe }).toEqual({
        sharpe: null,
        probabilisticSharpe: null,
        deflatedSharpe: null,
      });
      expect(winRateInterval).not.toBeNull();
    }
    expect(statisticsOf(netsOf(18.71, 18.69, -11.3)).sharpe).toBeCloseTo(0.50229465, 7);
    expect(statisticsOf(netsOf(5, 10, 20)).probabilisticSharpe).toBeGreaterThan(0.9);
  });

  it("count a trade without a result as a loss, as the figures do", () => {
    const interval = statisticsOf(netsOf(0, 10)).winRateInterval;
    expect(((interval?.low ?? 0) + (interval?.high ?? 0)) / 2).toBeCloseTo(50, 9);
  });

  it("allow for the configurations tried", () => {
    const trades = netsOf(...Array.from({ length: 60 }, (_, k) => (k % 5 < 3 ? 18.8 : -11.3)));
    const alone = statisticsOf(trades);
    const chosen = statisticsOf(trades, { count: 300, sharpeVariance: null });
    expect(alone.deflatedSharpe).toBe(alone.probabilisticSharpe);
    expect(chosen.probabilisticSharpe).toBe(alone.probabilisticSharpe);
    expect(chosen.deflatedSharpe).toBeLessThan((alone.deflatedSharpe ?? 0) - 0.1);
    expect(chosen.trials).toBe(300);
  });

  it("never hold anything but numbers and null", () => {
    for (let count = 0; count < 12; count++) {
      for (let wins = 0; wins <= count; wins++) {
        const trades = netsOf(...Array.from({ length: count }, (_, k) => (k < wins ? 18.8 : -11.3)));
        const { winRateInterval, ...others } = statisticsOf(trades, { count: 150, sharpeVariance: null });
        const values = [
          ...Object.values(others),
          winRateInterval?.low ?? null,
          winRateInterval?.high ?? null,
        ];
        for (const value of values) expect(value === null || Number.isFinite(value)).toBe(true);
      }
    }
  });
});

/** Hourly candles that open at the close before. */
function candlesOf(...closes: number[]): Candles {
  const close = Float64Array.from(closes);
  const open = Float64Array.from(closes, (value, i) => closes[i - 1] ?? value);
  return {
    intervalMs: HOUR_MS,
    startMs: Date.UTC(2025, 0, 1),
    length: closes.length,
    open,
    high: close,
    low: close,
    close,
    volume: close,
  };
}

describe("buy and hold", () => {
  const candles = candlesOf(100, 104, 102, 110);

  it("pays the costs of one trade for the window's change", () => {
    const held = buyAndHold(candles, null, DEFAULT_TRADE_RULES);
    // 1000 USDT at 100.01 are 9.99900009999 coins; sold at 110 * 0.9999; 0.055 % of both sums.
    const quantity = 1000 / 100.01;
    const sold = quantity * 110 * 0.9999;
    expect(held?.usdt).toBeCloseTo(sold - 1000 - 0.00055 * (1000 + sold), 9);
    expect(held?.percent).toBeCloseTo((held?.usdt ?? 0) / 10, 12);
  });

  it("begins with the window", () => {
    const held = buyAndHold(
      candles,
      null,
      { ...DEFAULT_TRADE_RULES, takerFeePercent: 0, slippagePercent: 0 },
      2,
    );
    expect(held?.percent).toBeCloseTo((110 / 104 - 1) * 100, 9);
  });

  it("pays the funding settled on the way, at the close before each settlement", () => {
    const free = { ...DEFAULT_TRADE_RULES, takerFeePercent: 0, slippagePercent: 0 };
    const at = (hours: number) => candles.startMs + hours * HOUR_MS;
    const funding: FundingRates = {
      length: 5,
      // At the start, inside the first candle, after two candles, at the last candle's open, at its close.
      timeMs: Float64Array.from([at(0), at(0.5), at(2), at(3), at(4)]),
      rate: Float64Array.from([0.9, 0.9, 0.001, 0.002, 0.9]),
    };
    const unfunded = buyAndHold(candles, null, free)?.usdt ?? Number.NaN;
    const held = buyAndHold(candles, funding, free)?.usdt ?? Number.NaN;
    expect(held - unfunded).toBeCloseTo(-10 * 104 * 0.001 - 10 * 102 * 0.002, 9);
  });

  it("may be for the last candle alone", () => {
    const free = { ...DEFAULT_TRADE_RULES, takerFeePercent: 0, slippagePercent: 0 };
    expect(buyAndHold(candles, null, free, 3)?.percent).toBeCloseTo((110 / 102 - 1) * 100, 9);
  });

  it("does not lose more than it holds, and needs a candle", () => {
    expect(buyAndHold(candlesOf(100, 1), null, DEFAULT_TRADE_RULES)?.percent).toBeGreaterThan(-100);
    expect(buyAndHold(candlesOf(100, 100), null, DEFAULT_TRADE_RULES, 2)).toBeNull();
  });
});
