import { describe, expect, it } from "vitest";
import type { LedgerOutcome } from "#libs/contracts/ledger-item.ts";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import { type CycleReport, describeSummary, summaryOf } from "#services/local/summary.ts";
import { ledgerItem } from "#test/support/factories/ledger-items.ts";
import { tradingSignal } from "#test/support/factories/messages.ts";
import { position } from "#test/support/factories/positions.ts";
import { figures, identity, SCAN_TIME, timeframeResult } from "#test/support/factories/results.ts";
import { selectionContent } from "#test/support/factories/selections.ts";

const entry = (symbol: string, rank: number | null, reason?: string) => ({
  symbol,
  volatility24h: 5,
  turnover: 1e7,
  price: 1,
  priceChange24h: 0,
  rank,
  taken: reason === undefined,
  ...(reason === undefined ? {} : { reason }),
});

const SCAN: ScanItem = {
  scanId: "scan-1",
  scanTimestamp: SCAN_TIME,
  status: "completed",
  scannerId: "s",
  leaseUntil: 1,
  universeCount: 4,
  selectedCount: 1,
  selected: ["BTCUSDT"],
  timeframes: ["1m", "5m", "15m"],
  totalTasks: 10,
  completedTasks: 5,
  noTradesTasks: 2,
  failedTasks: 1,
  pendingTasks: 2,
  startedAt: 1,
  ttl: SCAN_TIME + 1,
};

const WON: LedgerOutcome = {
  state: "target",
  reason: null,
  entry: { entryAt: SCAN_TIME * 1_000, fillPrice: 151.245 },
  exitAt: (SCAN_TIME + 2_100) * 1_000,
  exitPrice: 154.24,
  gross: 19.8,
  fees: 1.1,
  funding: 0,
  netPnl: 18.7,
  holdingMinutes: 40,
  decidedByDetail: false,
  bestPriceInLife: 150.9,
  updatedAt: (SCAN_TIME + 3_000) * 1_000,
};

function report(overrides: Partial<CycleReport> = {}): CycleReport {
  const { symbol, scanTimestamp, scanId } = identity();
  return {
    market: "synthetic",
    description: "synthetic exchange, seed 7: all prices are simulated",
    simulated: true,
    seed: 7,
    clockMs: Date.UTC(2026, 0, 15, 12, 0, 30),
    scanned: {
      kind: "scanned",
      scanId: "scan-1",
      scanTimestamp: SCAN_TIME,
      universe: [
        entry("BTCUSDT", 1),
        entry("ETHUSDT", null, "24 h turnover $120 is below $5000000"),
        entry("ADAUSDT", null, "24 h turnover $7 is below $5000000"),
        entry("ACMEUSDT", null, "symbol type stock is not crypto"),
      ],
      selected: ["BTCUSDT"],
      tasks: 10,
    },
    item: SCAN,
    selected: {
      kind: "selected",
      coins: 1,
      taken: [tradingSignal(), tradingSignal({ strategy: "BASIC", winRate: 50 })],
      refused: { trades: 3, win_rate: 2, pnl: 1 },
      selection: selectionContent(),
    },
    results: [
      {
        symbol,
        scanTimestamp,
        scanId,
        volatility24h: 1,
        turnover: 1,
        price: 1,
        priceChange24h: 1,
        timeframes: {
          "1m": timeframeResult({ strategies: { BASIC: figures({ totalPnl: -3.5, winRate: 20 }) } }),
          "5m": timeframeResult({
            strategies: {
              ADVANCED: figures({ totalPnl: 679.2 }),
              BASIC: figures({ totalTrades: 0, winRate: null, totalPnl: 0 }),
            },
          }),
        },
        analyzerId: "a",
        createdAt: 1,
        updatedAt: 1,
        version: 2,
        status: "active",
        ttl: SCAN_TIME + 1,
      },
    ],
    positions: [position()],
    outcomes: [ledgerItem({}, { outcome: WON })],
    durationsMs: { scan: 12.4, backtests: 3_456.7, select: 1, find: 2, follow: 30, total: 3_480 },
    ...overrides,
  };
}

describe("the summary of a cycle", () => {
  it("counts everything for programs, with names as on the wire", () => {
    expect(summaryOf(report())).toEqual({
      market: "synthetic",
      simulated: true,
      description: "synthetic exchange, seed 7: all prices are simulated",
      seed: 7,
      clock: "2026-01-15T12:00:30.000Z",
      scan_id: "scan-1",
      scan_timestamp: SCAN_TIME,
      scanned: 4,
      selected: 1,
      refused: { "24 h turnover $N is below $N": 2, "symbol type stock is not crypto": 1 },
      tasks: { published: 10, finished: 8, completed: 5, no_trades: 2, failed: 1, pending: 2 },
      strategies: {
        coins: 1,
        judged: 8,
        selected: 2,
        refused: { trades: 3, win_rate: 2, pnl: 1 },
      },
      signals: 2,
      positions: 1,
      outcomes: [
        {
          symbol: "SOLUSDT",
          signal_timestamp: SCAN_TIME,
          strategy: "ADVANCED",
          timeframe: "5m",
          position_type: "LONG",
          entry_price: 151.23,
          stop_loss: 149.718,
          take_profit: 154.255,
          confidence: 90,
          outcome: {
            state: "target",
            reason: null,
            entry: { entry_at: SCAN_TIME * 1_000, fill_price: 151.245 },
            exit_at: (SCAN_TIME + 2_100) * 1_000,
            exit_price: 154.24,
            gross: 19.8,
            fees: 1.1,
            funding: 0,
            net_pnl: 18.7,
            holding_minutes: 40,
            decided_by_detail: false,
            best_price_in_life: 150.9,
            updated_at: (SCAN_TIME + 3_000) * 1_000,
          },
        },
      ],
      durations: {
        scan_ms: 12,
        backtests_ms: 3_457,
        select_ms: 1,
        find_ms: 2,
        follow_ms: 30,
        total_ms: 3_480,
      },
    });
  });

  it("is plain data that survives JSON", () => {
    const summary = summaryOf(report());
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it("gives the same as text, and says that the prices are simulated", () => {
    const text = describeSummary(report());
    expect(text).toContain("all prices are simulated");
    expect(text).toMatch(/scan +4 symbols, 1 taken/);
    expect(text).toMatch(/backtests +8 of 10: 5 with trades, 2 without, 1 failed \(3\.5 s\)/);
    expect(text).toMatch(
      /selected +2 of 8 strategies; refused: 3 with too few trades, 2 with a low win rate, 1 with a low PnL/,
    );
    expect(text).toMatch(/BTCUSDT +5m +ADVANCED +win rate +56\.4 % +PnL \$679\.20 +48 trades/);
    expect(text).toMatch(/positions +1/);
    expect(text).toMatch(/outcomes +0 open, 1 of 1 trades won \(95 % sure: 21 to 100 %\), net \$18\.70/);
    expect(text).toMatch(/SOLUSDT +LONG +target after 40 min, net \$18\.70/);
    expect(text).toMatch(
      /SOLUSDT +LONG +entry 151\.23 stop 149\.718 target 154\.255 confidence 90 \(ADVANCED 5m\)/,
    );
    expect(text.endsWith("\n")).toBe(true);
  });

  it("lists the results with trades by PnL, the highest first, and leaves out those without", () => {
    const text = describeSummary(report());
    expect(text).toContain("best 2 of 2 results with trades, by PnL");
    expect(text.indexOf("PnL $679.20", text.indexOf("best 2 of 2"))).toBeLessThan(text.indexOf("PnL -$3.50"));
  });

  it("says nothing of failures, signals and results where there are none", () => {
    const text = describeSummary(report({ item: { ...SCAN, failedTasks: 0 }, results: [], positions: [] }));
    expect(text).not.toContain("failed");
    expect(text).not.toContain("results with trades");
    expect(text).toMatch(/positions +0/);
  });
});
