import { Writable } from "node:stream";
import type { LedgerItem, LedgerOutcome } from "#libs/contracts/ledger-item.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import type { ReasonCount } from "#libs/contracts/pulse-item.ts";
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
  scan: { readonly scanId: string; readonly universe: number; readonly selected: number } | null;
  backtests: { readonly total: number; ended: number; failed: number; readonly startedMs: number } | null;
  selection: {
    readonly judged: number;
    readonly taken: number;
    /** Refusals by the figure that decided. */
    readonly refused: Readonly<Record<string, number>>;
  } | null;
  signals: { readonly published: number; ended: number } | null;
  /** Why this minute's signals led to no entry, the most frequent reason first. */
  noEntry: readonly ReasonCount[];
  /** The next selection on the market's clock, and how many times faster than real time that runs. */
  nextRun: { readonly atMs: number; readonly speed: number } | null;
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
    noEntry: [],
    nextRun: null,
    positions: [],
    outcomes: { open: 0, ended: 0, wins: 0, net: 0, latest: [] },
  };
}

const POSITIONS_SHOWN = 10;
const OUTCOMES_SHOWN = 5;
const REASONS_SHOWN = 3;

/** The whole view as text. The clock comes first: it is what shows that the view is alive, and a row may be cut. */
export function renderProgress(progress: Progress): string {
  const nowMs = progress.clock?.nowMs() ?? null;
  const { scan, selection, signals } = progress;
  const lines = [
    `crypto-backtest${nowMs === null ? "" : ` · ${new Date(nowMs).toISOString().slice(0, 19)}Z`} · ${progress.market}`,
    "",
    `  scan        ${scan === null ? "..." : `${hourOf(scan.scanId)}${scan.universe} symbols, ${scan.selected} taken`}`,
    `  backtests   ${backtestsText(progress.backtests)}`,
    `  selected    ${selection === null ? "..." : selectionText(selection)}`,
    `  signals     ${signals === null ? "..." : `${signals.ended}/${signals.published} checked`}`,
    ...noEntryLines(progress.noEntry),
    ...positionLines(progress.positions, nowMs),
    ...outcomeLines(progress.outcomes),
    "",
    `  ${progress.activity}${countdown(progress.nextRun, nowMs)}`,
  ];
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

/** A scan is named after its hour, `scan-2026-01-15T12`. */
function hourOf(scanId: string): string {
  const hour = /T(\d\d)$/.exec(scanId)?.[1];
  return hour === undefined ? "" : `${hour}:00 UTC, `;
}

function backtestsText(backtests: Progress["backtests"]): string {
  if (backtests === null) return "...";
  const { ended, total, failed, startedMs } = backtests;
  const failures = failed > 0 ? `, ${failed} failed` : "";
  return `${progressBar(ended, total)} ${ended}/${total}${failures}${timeLeft(ended, total, monotonicMs() - startedMs)}`;
}

function selectionText({ taken, judged, refused }: NonNullable<Progress["selection"]>): string {
  const counts = Object.entries(refused)
    .filter(([, count]) => count > 0)
    .map(([code, count]) => `${count} by ${code.replace("_", " ")}`);
  const reasons = counts.length === 0 ? "" : `; refused: ${counts.join(", ")}`;
  return `${taken} of ${judged} strategies${reasons}`;
}

function noEntryLines(reasons: readonly ReasonCount[]): string[] {
  const width = String(reasons[0]?.count ?? 0).length;
  return reasons
    .slice(0, REASONS_SHOWN)
    .map(
      ({ reason, count }, i) =>
        `  ${(i === 0 ? "no entry" : "").padEnd(12)}${String(count).padStart(width)}  ${reason}`,
    );
}

/** Positions are read once a minute: those that have expired since then are left out. */
function positionLines(positions: readonly PositionItem[], nowMs: number | null): string[] {
  const active = positions.filter(({ ttl }) => nowMs === null || ttl * 1_000 > nowMs);
  const lines = active.slice(0, POSITIONS_SHOWN).map((position) => {
    const life = nowMs === null ? "" : `${minutesAndSeconds(position.ttl - nowMs / 1_000)}  `;
    return `    ${life}${positionLine(position)}`;
  });
  const more = active.length - POSITIONS_SHOWN;
  return [
    `  positions   ${active.length}${active.length > 0 && nowMs !== null ? ", with the time they have left" : ""}`,
    ...lines,
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

function minutesAndSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** In real seconds, whatever the speed of the market's clock. */
function countdown(nextRun: Progress["nextRun"], nowMs: number | null): string {
  if (nextRun === null || nowMs === null) return "";
  return `, ${Math.max(0, Math.ceil((nextRun.atMs - nowMs) / 1_000 / nextRun.speed))} s left`;
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
