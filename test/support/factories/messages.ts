import type { BacktestTask, TradingSignal } from "#libs/contracts/messages.ts";

export function backtestTask(overrides: Partial<BacktestTask> = {}): BacktestTask {
  return {
    schemaVersion: 1,
    taskId: "scan-2026-01-15T12:BTCUSDT:5m",
    scanId: "scan-2026-01-15T12",
    scanTimestamp: 1_768_478_400,
    symbol: "BTCUSDT",
    timeframe: "5m",
    volatility24h: 4.2,
    turnover24h: 1_000_000_000,
    price: 97_000.5,
    priceChange24h: -1.25,
    requestedAt: 1_768_478_400_000,
    ...overrides,
  };
}

export function tradingSignal(overrides: Partial<TradingSignal> = {}): TradingSignal {
  return {
    schemaVersion: 1,
    signalId: "BTCUSDT:5m:ADVANCED:29474640",
    symbol: "BTCUSDT",
    timeframe: "5m",
    strategy: "ADVANCED",
    winRate: 56.4,
    totalPnl: 679.2,
    totalTrades: 48,
    confidenceAvg: 87.5,
    scanId: "scan-2026-01-15T12",
    issuedAt: 1_768_478_430_000,
    ...overrides,
  };
}
