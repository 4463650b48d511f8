import { LEDGER_LIFE_SECONDS, type LedgerItem, ledgerKey, WAITING } from "#libs/contracts/ledger-item.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";
import { position } from "./positions.ts";

/** A signal as the finder records it; `of` replaces fields of its position. */
export function ledgerItem(of: Partial<PositionItem> = {}, overrides: Partial<LedgerItem> = {}): LedgerItem {
  const recorded = position(of);
  const { symbol, signalTimestamp, createdAt } = recorded;
  return {
    ...ledgerKey(symbol, signalTimestamp),
    symbol,
    signalTimestamp,
    open: "open",
    market: "synthetic",
    simulated: true,
    position: recorded,
    evidence: {
      winRate: 56.67,
      totalTrades: 30,
      totalPnl: 120.5,
      confidenceAvg: 87.5,
      issuedAt: createdAt - 3_000,
    },
    rules: { ...DEFAULT_TRADE_RULES },
    tickSize: "0.001",
    candles: 1_000,
    outcome: WAITING,
    createdAt,
    ttl: signalTimestamp + LEDGER_LIFE_SECONDS,
    ...overrides,
  };
}
