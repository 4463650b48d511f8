import type { LedgerItem } from "#libs/contracts/ledger-item.ts";
import type { SignalSummary } from "#libs/execution/summarize-signals.ts";
import { usd } from "#services/shared/usd.ts";
import { type Span, summaryOf } from "./ledger-summary.ts";

/** The ledger as a person reads it: one line a signal, then the figures of all and of each group. */
export function ledgerReport(items: readonly LedgerItem[], { fromMs, toMs }: Span): string {
  const span = `${minute(fromMs)} to ${minute(toMs)} UTC`;
  if (items.length === 0) return `no signals from ${span}\n`;
  const summary = summaryOf(items);
  const groups = [summary.byStrategy, summary.byTimeframe, summary.byConfidence];
  const confidence = [...summary.byConfidence].map(([band, one]) => row(`confidence ${band}`, one));
  const lines = [
    `${items.length} signals from ${span}; prices: ${sourcesOf(items)}`,
    "",
    ...table([
      [
        "signal",
        "symbol",
        "side",
        "strategy",
        "confidence",
        "entry",
        "stop",
        "target",
        "outcome",
        "net",
        "held",
      ],
      ...items.map(signalRow),
    ]),
    "",
    ...table([
      ["", "n", "wins", "win rate, 95 % sure", "net", "profit factor", "open", "no result"],
      row("all", summary.all),
      ...groups.slice(0, 2).flatMap((group) => [...group].map(([name, one]) => row(name, one))),
      ...confidence,
    ]),
    "",
    "Each signal counts by itself, after fees, slippage and funding: signals that overlap are no account.",
  ];
  return `${lines.join("\n")}\n`;
}

/** Simulated prices are always called simulated. */
function sourcesOf(items: readonly LedgerItem[]): string {
  const names = items.map(({ market, simulated }) => {
    if (simulated === null) return "of an address that may be a simulator";
    return simulated ? `SIMULATED (${market})` : market === "testnet" ? "Bybit testnet" : "Bybit";
  });
  return [...new Set(names)].sort().join(", ");
}

function signalRow({ position, outcome, signalTimestamp }: LedgerItem): readonly string[] {
  const { holdingMinutes, netPnl } = outcome;
  return [
    minute(signalTimestamp * 1_000),
    position.symbol,
    position.positionType,
    `${position.timeframe} ${position.strategy}`,
    String(position.confidence),
    String(position.entryPrice),
    String(position.stopLoss),
    String(position.takeProfit),
    outcome.state.replace("_", " "),
    netPnl === null ? "-" : usd(netPnl),
    holdingMinutes === null ? "-" : duration(holdingMinutes),
  ];
}

function row(name: string, summary: SignalSummary): readonly string[] {
  const { ended, wins, winRate, winRateInterval, net, profitFactor, open, withoutResult } = summary;
  const rate =
    winRate === null || winRateInterval === null
      ? "-"
      : `${winRate.toFixed(1)} % (${winRateInterval.low.toFixed(1)} to ${winRateInterval.high.toFixed(1)})`;
  return [
    name,
    String(ended),
    String(wins),
    rate,
    ended === 0 ? "-" : usd(net),
    profitFactor === null ? "-" : profitFactor.toFixed(2),
    String(open),
    String(withoutResult),
  ];
}

/** Columns as wide as their widest cell; the first on the left, figures on the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => (cells[column] ?? "").length)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return /^[-$]?[\d$]|^-$/.test(cell) && column > 0 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

function duration(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
}
