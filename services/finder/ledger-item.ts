import { LEDGER_LIFE_SECONDS, type LedgerItem, ledgerKey, WAITING } from "#libs/contracts/ledger-item.ts";
import type { TradingSignal } from "#libs/contracts/messages.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import type { Study } from "#libs/strategy/study.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import type { SignalSource } from "#services/shared/signal-source.ts";

/** The ledger's item of a position: all that is needed to follow it to its end, whatever is configured by then. */
export function makeLedgerItem(parts: {
  readonly signal: TradingSignal;
  readonly position: PositionItem;
  readonly study: Study;
  readonly source: SignalSource;
  readonly rules: TradeRules;
  readonly tickSize: string;
}): LedgerItem {
  const { signal, position } = parts;
  const { symbol, signalTimestamp } = position;
  return {
    ...ledgerKey(symbol, signalTimestamp),
    symbol,
    signalTimestamp,
    open: "open",
    ...parts.source,
    position,
    evidence: {
      winRate: signal.winRate,
      totalTrades: signal.totalTrades,
      totalPnl: signal.totalPnl,
      confidenceAvg: signal.confidenceAvg,
      issuedAt: signal.issuedAt,
    },
    rules: { ...parts.rules },
    tickSize: parts.tickSize,
    candles: parts.study.input.candles.length,
    outcome: WAITING,
    createdAt: position.createdAt,
    ttl: signalTimestamp + LEDGER_LIFE_SECONDS,
  };
}
