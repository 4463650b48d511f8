import type {
  ResultsItem,
  StrategyFigures,
  StrategyStatistics,
  TimeframeResult,
} from "#libs/contracts/results-item.ts";
import type { ResultIdentity, TimeframeOutcome } from "#libs/store/results-store.ts";

/** The moment the store tests take place, seconds; to come, as DynamoDB Local removes what has expired by the time of day. */
export const SCAN_TIME = 1_907_766_400;

export function statistics(overrides: Partial<StrategyStatistics> = {}): StrategyStatistics {
  return {
    winRateLow: 39.2,
    winRateHigh: 72.62,
    pValue: 0.0321,
    sharpe: 0.2514,
    probabilisticSharpe: 0.9113,
    deflatedSharpe: null,
    trials: 300,
    buyAndHoldPnl: -51.25,
    buyAndHoldPercent: -5.13,
    ambiguousTrades: 2,
    optimisticPnl: 180.75,
    ...overrides,
  };
}

export function figures(overrides: Partial<StrategyFigures> = {}): StrategyFigures {
  return {
    totalTrades: 30,
    wins: 17,
    losses: 13,
    winRate: 56.67,
    totalPnl: 120.5,
    avgWin: 15.25,
    avgLoss: -10.5,
    profitFactor: 1.5,
    maxDrawdown: 40.25,
    confidenceAvg: 82.5,
    holdingMinutesAvg: 43.2,
    fees: 33,
    funding: -0.12,
    skippedEntries: 1,
    statistics: statistics(),
    ...overrides,
  };
}

export function timeframeResult(overrides: Partial<TimeframeResult> = {}): TimeframeResult {
  const { totalTrades, winRate, totalPnl, avgWin, avgLoss, profitFactor, maxDrawdown, confidenceAvg } =
    figures();
  return {
    totalTrades,
    winRate,
    totalPnl,
    avgWin,
    avgLoss,
    profitFactor,
    maxDrawdown,
    confidenceAvg,
    bestStrategy: "BASIC",
    strategies: { BASIC: figures(), ADVANCED: figures({ totalPnl: 20, winRate: null, totalTrades: 0 }) },
    candles: 20_160,
    from: SCAN_TIME * 1_000 - 14 * 86_400_000,
    to: SCAN_TIME * 1_000,
    tickSize: "0.05",
    tickShareOfStop: 12.5,
    analysisTime: 350,
    status: "completed",
    ...overrides,
  };
}

export const NO_TRADES: Partial<TimeframeResult> = {
  totalTrades: 0,
  winRate: null,
  totalPnl: 0,
  avgWin: null,
  avgLoss: null,
  profitFactor: null,
  maxDrawdown: 0,
  confidenceAvg: null,
  bestStrategy: "NONE",
  strategies: {},
  status: "no_trades",
};

export const FAILED: Partial<TimeframeResult> = {
  ...NO_TRADES,
  candles: 0,
  status: "failed",
  error: "hole after 2025-06-01T00:00:00Z",
};

export function identity(overrides: Partial<ResultIdentity> = {}): ResultIdentity {
  return {
    symbol: "BTCUSDT",
    scanTimestamp: SCAN_TIME,
    scanId: "scan-2030-06-15T15",
    volatility24h: 12.34,
    turnover24h: 987_654_321.12,
    price: 0.00001234,
    priceChange24h: -3.21,
    ...overrides,
  };
}

export function outcome(
  timeframe: TimeframeOutcome["timeframe"],
  result: Partial<TimeframeResult> = {},
  overrides: Partial<TimeframeOutcome> = {},
): TimeframeOutcome {
  return {
    timeframe,
    result: timeframeResult(result),
    btcCorrelation: 0.5,
    trendAnalysis: { trend: "UP", strength: 71.5, change: 2.25 },
    ...overrides,
  };
}

/** The item without what tells who wrote when: equal for every order of the same work. */
export function withoutWriter(item: ResultsItem | null) {
  if (item === null) return null;
  const { analyzerId: _analyzer, createdAt: _created, updatedAt: _updated, ...rest } = item;
  return rest;
}
