import { Writable } from "node:stream";
import type { LedgerItem, LedgerOutcome } from "#libs/contracts/ledger-item.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { type Clock, monotonicMs } from "#libs/runtime/clock.ts";
import { progressBar, timeLeft } from "#libs/terminal/progress-bar.ts";
import { usd } from "#services/shared/usd.ts";

/** What the pipeline has done so far, for display. */
export interface Progress {
  market: string;
  simulated: boolean;
  /** Of the market, once it is open. */
  clock?: Clock;
  endpoint: string | null;
  /** The current activity. */
  activity: string;
  scan: { readonly universe: number; readonly selected: number } | null;
  backtests: { readonly total: number; ended: number; failed: number; readonly startedMs: number } | null;
  selection: { readonly judged: number; readonly taken: number } | null;
  signals: { readonly published: number; ended: number } | null;
  positions: readonly PositionItem[];
  readonly outcomes: OutcomeCounts;
}

/** What became of the signals so far. */
export interface OutcomeCounts {
  open: number;
  /** Trades that have ended. */
  ended: number;
  wins: number;
  /** USDT. */
  net: number;
  /** The last ones, newest first. */
  latest: string[];
}

export function emptyProgress(): Progress {
  return {
    market: "",
    simulated: false,
    endpoint: null,
    activity: "starting",
    scan: null,
    backtests: null,
    selection: null,
    signals: null,
    positions: [],
    outcomes: { open: 0, ended: 0, wins: 0, net: 0, latest: [] },
  };
}

const POSITIONS_SHOWN = 10;
const OUTCOMES_SHOWN = 5;

/** The whole view as text. */
export function renderProgress(progress: Progress): string {
  const { scan, backtests, selection, signals, positions } = progress;
  const now =
    progress.clock === undefined ? "" : ` · ${new Date(progress.clock.nowMs()).toISOString().slice(0, 19)}Z`;
  const lines = [
    `crypto-backtest · ${progress.market}${now}`,
    "",
    `  scan        ${scan === null ? "..." : `${scan.universe} symbols, ${scan.selected} taken`}`,
  ];
  if (backtests === null) lines.push("  backtests   ...");
  else {
    const failed = backtests.failed > 0 ? `, ${backtests.failed} failed` : "";
    const left = timeLeft(backtests.ended, backtests.total, monotonicMs() - backtests.startedMs);
    lines.push(
      `  backtests   ${progressBar(backtests.ended, backtests.total)} ${backtests.ended}/${backtests.total}${failed}${left}`,
    );
  }
  lines.push(
    `  selected    ${selection === null ? "..." : `${selection.taken} of ${selection.judged} strategies`}`,
    `  signals     ${signals === null ? "..." : `${signals.ended}/${signals.published} checked`}`,
    `  positions   ${positions.length}`,
  );
  for (const position of positions.slice(0, POSITIONS_SHOWN)) lines.push(`    ${positionLine(position)}`);
  if (positions.length > POSITIONS_SHOWN) lines.push(`    and ${positions.length - POSITIONS_SHOWN} more`);
  lines.push(...outcomeLines(progress.outcomes));
  lines.push("", `  ${progress.activity}`);
  if (progress.endpoint !== null) lines.push(`  DynamoDB    ${progress.endpoint}`);
  return lines.join("\n");
}

function outcomeLines({ open, ended, wins, net, latest }: OutcomeCounts): string[] {
  if (open === 0 && latest.length === 0) return [];
  const rate = ended === 0 ? "" : `, ${wins} of ${ended} trades won, net ${usd(net)}`;
  return [`  outcomes    ${open} open${rate}`, ...latest.map((line) => `    ${line}`)];
}

/** Adds the end of a signal to what the view shows. */
export function countOutcome(counts: OutcomeCounts, { position }: LedgerItem, outcome: LedgerOutcome): void {
  if (outcome.netPnl !== null) {
    counts.ended += 1;
    counts.net += outcome.netPnl;
    if (outcome.netPnl > 0) counts.wins += 1;
  }
  counts.latest.unshift(
    `${position.symbol.padEnd(14)} ${position.positionType.padEnd(5)} ${outcomeText(outcome)}`,
  );
  counts.latest.splice(OUTCOMES_SHOWN);
}

/** `target after 41 min, net $18.70` */
export function outcomeText({ state, netPnl, holdingMinutes, reason }: LedgerOutcome): string {
  const result =
    netPnl === null || holdingMinutes === null ? "" : ` after ${holdingMinutes} min, net ${usd(netPnl)}`;
  return `${state.replace("_", " ")}${result}${reason === null ? "" : ` (${reason})`}`;
}

export function positionLine(position: PositionItem): string {
  const { symbol, positionType, entryPrice, stopLoss, takeProfit, confidence, strategy, timeframe } =
    position;
  return `${symbol.padEnd(14)} ${positionType.padEnd(5)} entry ${entryPrice} stop ${stopLoss} target ${takeProfit} confidence ${confidence} (${strategy} ${timeframe})`;
}

const FRAME_MS = 250;
/** For a terminal that does not report its size. */
const ROWS = 24;
const COLUMNS = 80;
const cursorUp = (lines: number) => (lines === 0 ? "" : `\u001b[${lines}A`);
const ERASE_BELOW = "\u001b[0J";
const ERASE_ROW = "\u001b[K";

/** A live view at the bottom of a terminal; log lines written to `lines` scroll above it. */
export function showProgress(progress: Progress, stream: NodeJS.WriteStream) {
  let drawn = 0;
  let closed = false;
  const draw = (above = "") => {
    const rows = renderProgress(progress)
      .split("\n")
      .slice(1 - (stream.rows || ROWS))
      .map((row) => `${ERASE_ROW}${row.slice(0, (stream.columns || COLUMNS) - 1)}\n`);
    // Rows are erased one by one, because some terminals save a screen that is cleared at once to their scrollback.
    // A log line may be wider than the screen, so everything below it is erased.
    const room = above === "" ? "" : ERASE_BELOW;
    stream.write(`\r${cursorUp(drawn)}${room}${above}${rows.join("")}${ERASE_BELOW}`);
    drawn = rows.length;
  };
  const timer = setInterval(() => draw(), FRAME_MS);
  const lines = new Writable({
    write(chunk: Buffer, _encoding, done) {
      draw(chunk.toString());
      done();
    },
  });
  return {
    lines,
    /** Draws the last state and leaves it on the screen. Safe to call twice. */
    close(): void {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      draw();
    },
  };
}
