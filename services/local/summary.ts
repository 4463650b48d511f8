import { type LedgerItem, outcomeSchema, UNSETTLED_STATES } from "#libs/contracts/ledger-item.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import type { ResultsItem } from "#libs/contracts/results-item.ts";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import { toWire } from "#libs/contracts/wire.ts";
import { summarizeSignals } from "#libs/execution/summarize-signals.ts";
import { countRefusals } from "#libs/market/rank-universe.ts";
import { usd } from "#services/shared/usd.ts";
import type { Scanned, Selected } from "./cycle.ts";
import { outcomeText, positionLine } from "./progress-view.ts";

export interface CycleReport {
  readonly market: string;
  readonly description: string;
  readonly simulated: boolean;
  readonly seed: number | null;
  readonly clockMs: number;
  readonly scanned: Scanned;
  readonly item: ScanItem;
  readonly selected: Selected;
  readonly results: readonly ResultsItem[];
  readonly positions: readonly PositionItem[];
  /** The positions with what became of them. */
  readonly outcomes: readonly LedgerItem[];
  readonly durationsMs: Readonly<
    Record<"scan" | "backtests" | "select" | "find" | "follow" | "total", number>
  >;
}

/** The cycle as one object for machines: names as on the wire, durations in milliseconds. */
export function summaryOf(report: CycleReport) {
  const { scanned, item, selected } = report;
  const refused = countRefusals(scanned.universe);
  const refusedStrategies = Object.values(selected.refused).reduce((sum, count) => sum + count, 0);
  return {
    market: report.market,
    simulated: report.simulated,
    description: report.description,
    seed: report.seed,
    clock: new Date(report.clockMs).toISOString(),
    scan_id: scanned.scanId,
    scan_timestamp: scanned.scanTimestamp,
    scanned: scanned.universe.length,
    selected: scanned.selected.length,
    refused,
    tasks: {
      published: scanned.tasks,
      finished: item.completedTasks + item.noTradesTasks + item.failedTasks,
      completed: item.completedTasks,
      no_trades: item.noTradesTasks,
      failed: item.failedTasks,
      pending: item.pendingTasks,
    },
    strategies: {
      coins: selected.coins,
      judged: selected.taken.length + refusedStrategies,
      selected: selected.taken.length,
      refused: selected.refused,
    },
    signals: selected.taken.length,
    positions: report.positions.length,
    outcomes: report.outcomes.map(outcomeJson),
    durations: Object.fromEntries(
      Object.entries(report.durationsMs).map(([name, ms]) => [`${name}_ms`, Math.round(ms)]),
    ),
  };
}

/** A position and what became of it, with the names of its item. */
function outcomeJson({ position, outcome }: LedgerItem): Record<string, unknown> {
  const { signalTimestamp, strategy, timeframe, positionType, entryPrice, stopLoss, takeProfit } = position;
  return {
    symbol: position.symbol,
    signal_timestamp: signalTimestamp,
    strategy,
    timeframe,
    position_type: positionType,
    entry_price: entryPrice,
    stop_loss: stopLoss,
    take_profit: takeProfit,
    confidence: position.confidence,
    outcome: toWire(outcomeSchema, outcome, "outcome"),
  };
}

/** The same as text. */
export function describeSummary(report: CycleReport): string {
  const { item, scanned, selected } = report;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const { durationsMs } = report;
  const failed = item.failedTasks > 0 ? `, ${item.failedTasks} failed` : "";
  const { trades, win_rate, pnl } = selected.refused;
  const lines = [
    "",
    `${report.description}, at ${new Date(report.clockMs).toISOString()}`,
    `scan        ${scanned.universe.length} symbols, ${scanned.selected.length} taken (${seconds(durationsMs.scan)})`,
    `backtests   ${item.totalTasks - item.pendingTasks} of ${item.totalTasks}: ${item.completedTasks} with trades, ${item.noTradesTasks} without${failed} (${seconds(durationsMs.backtests)})`,
    `selected    ${selected.taken.length} of ${selected.taken.length + trades + win_rate + pnl} strategies; refused: ${trades} with too few trades, ${win_rate} with a low win rate, ${pnl} with a low PnL`,
    ...selected.taken.map(
      (signal) =>
        `  ${signal.symbol.padEnd(14)} ${signal.timeframe.padEnd(4)} ${signal.strategy.padEnd(9)} win rate ${signal.winRate.toFixed(1).padStart(5)} %  PnL ${usd(signal.totalPnl)}  ${signal.totalTrades} trades`,
    ),
    `positions   ${report.positions.length} (${seconds(durationsMs.find)})`,
    ...report.positions.map((position) => `  ${positionLine(position)}`),
    ...outcomeLines(report.outcomes, durationsMs.follow),
    ...bestOf(report.results),
    `total       ${seconds(durationsMs.total)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function outcomeLines(outcomes: readonly LedgerItem[], followMs: number): string[] {
  if (outcomes.length === 0) return [];
  const { ended, wins, net, open, winRateInterval } = summarizeSignals(
    outcomes.map(({ outcome }) => ({
      net: outcome.netPnl,
      isOpen: UNSETTLED_STATES.includes(outcome.state),
    })),
  );
  const sure =
    winRateInterval === null
      ? ""
      : ` (95 % sure: ${winRateInterval.low.toFixed(0)} to ${winRateInterval.high.toFixed(0)} %)`;
  const result = ended === 0 ? "" : `, ${wins} of ${ended} trades won${sure}, net ${usd(net)}`;
  return [
    `outcomes    ${open} open${result} (${(followMs / 1000).toFixed(1)} s)`,
    ...outcomes.map(
      ({ position, outcome }) =>
        `  ${position.symbol.padEnd(14)} ${position.positionType.padEnd(5)} ${outcomeText(outcome)}`,
    ),
  ];
}

const BEST_SHOWN = 10;

function bestOf(results: readonly ResultsItem[]): string[] {
  const rows = results
    .flatMap((item) =>
      Object.entries(item.timeframes).flatMap(([timeframe, result]) =>
        Object.entries(result.strategies).map(([strategy, figures]) => ({
          symbol: item.symbol,
          timeframe,
          strategy,
          figures,
        })),
      ),
    )
    .filter((row) => row.figures.totalTrades > 0)
    .sort((a, b) => b.figures.totalPnl - a.figures.totalPnl);
  if (rows.length === 0) return [];
  return [
    `best ${Math.min(BEST_SHOWN, rows.length)} of ${rows.length} results with trades, by PnL`,
    ...rows.slice(0, BEST_SHOWN).map(({ symbol, timeframe, strategy, figures }) => {
      const winRate = figures.winRate === null ? "-" : figures.winRate.toFixed(1);
      return `  ${symbol.padEnd(14)} ${timeframe.padEnd(4)} ${strategy.padEnd(9)} win rate ${winRate.padStart(5)} %  PnL ${usd(figures.totalPnl)}  ${figures.totalTrades} trades`;
    }),
  ];
}

/** What a replay did from its start to its last candle. */
export interface ReplayTotals {
  readonly description: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly scans: number;
  readonly backtests: number;
  readonly failed: number;
  readonly selections: number;
  readonly signals: number;
  /** Different ones, over all minutes. */
  readonly positions: number;
}

export function describeReplay(totals: ReplayTotals): string {
  const time = (timeMs: number) => `${new Date(timeMs).toISOString().slice(0, 16)}Z`;
  const failed = totals.failed > 0 ? `, ${totals.failed} of them failed` : "";
  return [
    "",
    `${totals.description}: ended with the last recorded candle`,
    `replayed    ${time(totals.startMs)} to ${time(totals.endMs)}`,
    `scans       ${totals.scans}, with ${totals.backtests} backtests${failed}`,
    `selections  ${totals.selections}, with ${totals.signals} signals`,
    `positions   ${totals.positions}`,
    "",
  ].join("\n");
}
