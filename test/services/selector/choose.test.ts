import { describe, expect, it } from "vitest";
import type { ResultsItem, StrategyFigures, TimeframeResult } from "#libs/contracts/results-item.ts";
import { candidatesOf, choose } from "#services/selector/choose.ts";

const THRESHOLDS = { minWinRate: 45, minPnl: 100, minTrades: 20 };

function figures(overrides: Partial<StrategyFigures> = {}): StrategyFigures {
  return {
    totalTrades: 20,
    wins: 9,
    losses: 11,
    winRate: 45,
    totalPnl: 100,
    avgWin: 18.7,
    avgLoss: -11.3,
    profitFactor: 1.4,
    maxDrawdown: 50,
    confidenceAvg: 80,
    holdingMinutesAvg: 90,
    fees: 22,
    funding: 0,
    skippedEntries: 0,
    ...overrides,
  };
}

function timeframeResult(
  strategies: Record<string, StrategyFigures>,
  overrides: Partial<TimeframeResult> = {},
): TimeframeResult {
  return {
    totalTrades: 0,
    winRate: null,
    totalPnl: 0,
    avgWin: null,
    avgLoss: null,
    profitFactor: null,
    maxDrawdown: 0,
    confidenceAvg: null,
    bestStrategy: "NONE",
    strategies,
    candles: 1000,
    from: 0,
    to: 1,
    analysisTime: 1,
    status: "completed",
    ...overrides,
  };
}

function item(overrides: Partial<ResultsItem> = {}): ResultsItem {
  return {
    symbol: "BTCUSDT",
    scanTimestamp: 1_768_478_400,
    scanId: "scan-1",
    volatility24h: 5,
    turnover: 1e9,
    price: 1,
    priceChange24h: 0,
    timeframes: {},
    analyzerId: "a",
    createdAt: 1,
    updatedAt: 1,
    version: 1,
    status: "active",
    ttl: 1_768_564_800,
    ...overrides,
  };
}

const candidate = (overrides: Partial<StrategyFigures>) => ({
  symbol: "BTCUSDT",
  timeframe: "1m" as const,
  strategy: "BASIC",
  scanId: "scan-1",
  figures: figures(overrides),
});

describe("the selector's choice", () => {
  it("takes a strategy that just meets all thresholds", () => {
    expect(choose(candidate({}), THRESHOLDS).kind).toBe("taken");
  });

  it.each([
    ["win rate", { winRate: 44.99 }, "win_rate", /win rate 44.99 % is below 45 %/],
    ["PnL", { totalPnl: 99.99 }, "pnl", /PnL \$99.99 is below \$100.00/],
    ["trades", { totalTrades: 19 }, "trades", /only 19 trades \(minimum 20\)/],
    ["single trade", { totalTrades: 1 }, "trades", /only 1 trade \(minimum 20\)/],
    ["lack of trades", { totalTrades: 0, winRate: null }, "trades", /^no trades \(minimum 20\)/],
    ["win rate, before its PnL", { winRate: 1, totalPnl: 0 }, "win_rate", /win rate 1.00 %/],
  ])("refuses one for its %s and names the figure", (_, overrides, by, reason) => {
    const choice = choose(candidate(overrides), THRESHOLDS);
    expect(choice).toMatchObject({ kind: "refused", by, reason: expect.stringMatching(reason) });
  });

  it("judges each strategy of each timeframe of each coin", () => {
    const both = { BASIC: figures(), ADVANCED: figures() };
    const candidates = candidatesOf([
      item({ timeframes: { "1m": timeframeResult(both), "5m": timeframeResult(both) } }),
      item({ symbol: "ETHUSDT", timeframes: { "30m": timeframeResult(both) } }),
    ]);
    expect(candidates).toHaveLength(6);
  });

  it("judges by the newest scan that covers the timeframe, once", () => {
    const older = item({
      scanId: "scan-1",
      timeframes: {
        "1m": timeframeResult({ BASIC: figures({ totalPnl: 1 }) }),
        "5m": timeframeResult({ BASIC: figures({ totalPnl: 2 }) }),
      },
    });
    const newer = item({
      scanId: "scan-2",
      scanTimestamp: older.scanTimestamp + 3_600,
      timeframes: {
        "1m": timeframeResult({ BASIC: figures({ totalPnl: 3 }) }),
        "5m": timeframeResult({}, { status: "failed", error: "hole" }),
      },
    });
    const candidates = candidatesOf([older, newer]);
    expect(candidates.map((one) => [one.timeframe, one.scanId, one.figures.totalPnl])).toEqual([
      ["1m", "scan-2", 3],
      ["5m", "scan-1", 2],
    ]);
  });
});
