import type { SelectedStrategy, SelectionContent } from "#libs/contracts/selection-item.ts";

export function selectedStrategy(overrides: Partial<SelectedStrategy> = {}): SelectedStrategy {
  return {
    symbol: "KELVAUSDT",
    timeframe: "3m",
    strategy: "BASIC",
    judgedBy: "scan-2030-06-15T15",
    totalTrades: 53,
    winRate: 54.72,
    totalPnl: 270.09,
    winRateLow: 41.45,
    winRateHigh: 67.34,
    profitFactor: 1.41,
    maxDrawdown: 80.5,
    confidenceAvg: 82,
    pValue: 0.008,
    probabilisticSharpe: 0.97,
    deflatedSharpe: 0.33,
    trials: 300,
    ...overrides,
  };
}

export function selectionContent(overrides: Partial<SelectionContent> = {}): SelectionContent {
  return {
    newestScanId: "scan-2030-06-15T15",
    coins: 30,
    judged: 300,
    limits: [
      { code: "trades", limit: 20 },
      { code: "win_rate", limit: 45 },
      { code: "pnl", limit: 100 },
    ],
    takenCount: 1,
    taken: [selectedStrategy()],
    refusedCount: 1,
    refused: [
      { code: "trades", count: 0 },
      { code: "win_rate", count: 1 },
      { code: "pnl", count: 0 },
    ],
    nearestRefusals: [
      {
        symbol: "ORBITUSDT",
        timeframe: "15m",
        strategy: "ADVANCED",
        judgedBy: "scan-2030-06-15T15",
        totalTrades: 21,
        winRate: 44.2,
        totalPnl: 120,
        code: "win_rate",
        value: 44.2,
        limit: 45,
        distance: 0.017778,
        shortfalls: [{ code: "win_rate", value: 44.2, limit: 45, distance: 0.017778 }],
      },
    ],
    ...overrides,
  };
}
