import { timeframeMs } from "#libs/candles/timeframe.ts";
import { type LedgerItem, type LedgerOutcome, WAITING } from "#libs/contracts/ledger-item.ts";
import type { FollowedSignal, Progress } from "#libs/execution/settle.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";

/** The signal of a ledger item as the core follows it. */
export function followedSignal({ position, rules, tickSize }: LedgerItem): FollowedSignal {
  const { positionType, confidence, reasons, entryPrice, stopLoss, takeProfit } = position;
  return {
    intervalMs: timeframeMs(position.timeframe),
    signalMs: position.signalTimestamp * 1_000,
    lifeEndMs: position.ttl * 1_000,
    decision: { kind: "signal", side: positionType, confidence, reasons },
    prices: { entry: entryPrice, stop: stopLoss, target: takeProfit },
    // A rule that did not exist when the signal was recorded has its default.
    rules: { ...DEFAULT_TRADE_RULES, ...rules },
    tickSize,
  };
}

const STATES = { target: "target", stop: "stop", liquidation: "liquidated", timeout: "timed_out" } as const;

/** What the ledger stores of a progress; null while there is nothing to store. */
export function outcomeOf(progress: Progress, nowMs: number): LedgerOutcome | null {
  switch (progress.kind) {
    case "waiting":
    case "needs-funding":
      return null;
    case "open": {
      const { entryMs, fillPrice } = progress.entry;
      return {
        ...WAITING,
        state: "open",
        entry: { entryAt: entryMs, fillPrice },
        bestPriceInLife: progress.bestPriceInLife,
        updatedAt: nowMs,
      };
    }
    case "skipped":
      return {
        ...WAITING,
        state: "skipped",
        reason: `no trade: the next candle opened at ${progress.open}, beyond the entry tolerance`,
        bestPriceInLife: progress.bestPriceInLife,
        updatedAt: nowMs,
      };
    case "ended": {
      const { trade } = progress;
      return {
        state: STATES[progress.by],
        reason: progress.isRevised ? "the exchange has corrected the signal candle since" : null,
        entry: { entryAt: trade.entryMs, fillPrice: trade.fillPrice },
        exitAt: trade.exitMs,
        exitPrice: trade.exitPrice,
        gross: trade.gross,
        fees: trade.fees,
        funding: trade.funding,
        netPnl: trade.net,
        holdingMinutes: progress.holdingMinutes,
        decidedByDetail: progress.decidedByDetail,
        bestPriceInLife: progress.bestPriceInLife,
        updatedAt: nowMs,
      };
    }
  }
}

/** A signal whose result cannot be computed. */
export function unknownOutcome(before: LedgerOutcome, reason: string, nowMs: number): LedgerOutcome {
  return { ...before, state: "unknown", reason, updatedAt: nowMs };
}
