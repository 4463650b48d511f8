import { Writable } from "node:stream";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { type Clock, monotonicMs } from "#libs/runtime/clock.ts";
import { progressBar, timeLeft } from "#libs/terminal/progress-bar.ts";

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
  };
}

const POSITIONS_SHOWN = 10;

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
  lines.push("", `  ${progress.activity}`);
  if (progress.endpoint !== null) lines.push(`  DynamoDB    ${progress.endpoint}`);
  return lines.join("\n");
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
