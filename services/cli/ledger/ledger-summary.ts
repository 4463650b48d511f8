import { TIMEFRAMES, type Timeframe } from "#libs/candles/timeframe.ts";
import { type LedgerItem, TRADED_STATES, UNSETTLED_STATES } from "#libs/contracts/ledger-item.ts";
import {
  type SignalResult,
  type SignalSummary,
  summarizeBy,
  summarizeSignals,
} from "#libs/execution/summarize-signals.ts";

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LedgerSummary {
  readonly all: SignalSummary;
  readonly byStrategy: ReadonlyMap<string, SignalSummary>;
  readonly byTimeframe: ReadonlyMap<string, SignalSummary>;
  /** By tens: `80-89`. */
  readonly byConfidence: ReadonlyMap<string, SignalSummary>;
}

export function summaryOf(items: readonly LedgerItem[]): LedgerSummary {
  const by = (keyOf: (item: LedgerItem) => string) => summarizeBy(items, resultOf, keyOf);
  const byTimeframe = by(({ position }) => position.timeframe);
  const ordered = TIMEFRAMES.flatMap((timeframe: Timeframe): [string, SignalSummary][] => {
    const summary = byTimeframe.get(timeframe);
    return summary === undefined ? [] : [[timeframe, summary]];
  });
  return {
    all: summarizeSignals(items.map(resultOf)),
    byStrategy: by(({ position }) => position.strategy),
    byTimeframe: new Map(ordered),
    byConfidence: by(({ position }) => confidenceBand(position.confidence)),
  };
}

function resultOf({ outcome }: LedgerItem): SignalResult {
  return {
    net: TRADED_STATES.includes(outcome.state) ? outcome.netPnl : null,
    isOpen: UNSETTLED_STATES.includes(outcome.state),
  };
}

function confidenceBand(confidence: number): string {
  const low = Math.min(90, Math.floor(confidence / 10) * 10);
  return low === 90 ? "90-100" : `${String(low).padStart(2, "0")}-${low + 9}`;
}
