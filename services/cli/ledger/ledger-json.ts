import { type LedgerItem, ledgerItemSchema } from "#libs/contracts/ledger-item.ts";
import { toWire } from "#libs/contracts/wire.ts";
import type { SignalSummary } from "#libs/execution/summarize-signals.ts";
import { type Span, summaryOf } from "./ledger-summary.ts";

/** The ledger as one object: the signals as their items are, times in ISO 8601 beside them in the span. */
export function ledgerJson(items: readonly LedgerItem[], { fromMs, toMs }: Span): Record<string, unknown> {
  const { all, byStrategy, byTimeframe, byConfidence } = summaryOf(items);
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    markets: [...new Set(items.map((item) => item.market))].sort(),
    summary: {
      all: summaryJson(all),
      by_strategy: groupsJson(byStrategy),
      by_timeframe: groupsJson(byTimeframe),
      by_confidence: groupsJson(byConfidence),
    },
    signals: items.map((item) => toWire(ledgerItemSchema, item, "signal item")),
  };
}

function groupsJson(groups: ReadonlyMap<string, SignalSummary>): Record<string, unknown> {
  return Object.fromEntries([...groups].map(([name, summary]) => [name, summaryJson(summary)]));
}

function summaryJson(summary: SignalSummary): Record<string, unknown> {
  return {
    signals: summary.signals,
    n: summary.ended,
    open: summary.open,
    without_result: summary.withoutResult,
    wins: summary.wins,
    win_rate: summary.winRate,
    win_rate_low: summary.winRateInterval?.low ?? null,
    win_rate_high: summary.winRateInterval?.high ?? null,
    net_pnl: summary.net,
    profit_factor: summary.profitFactor,
  };
}
