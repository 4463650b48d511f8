import type { PositionItem } from "#libs/contracts/position-item.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { RESULT_LIFE_SECONDS } from "#libs/contracts/results-item.ts";
import type { ScanItem } from "#libs/contracts/scan-item.ts";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { pause } from "#libs/runtime/pause.ts";
import type { ScanSummary } from "#services/scanner/scan.ts";
import type { SelectSummary } from "#services/selector/select.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Progress } from "./progress-view.ts";

const POLL_MS = 100;

export type Scanned = Extract<ScanSummary, { kind: "scanned" }>;
export type Selected = Extract<SelectSummary, { kind: "selected" }>;

/** Runs one scan and waits until its backtests have ended or expired. Null when this hour's scan is already done. */
export async function scanAndBacktest(
  pipeline: Pipeline,
  progress: Progress,
  stopping: AbortSignal,
): Promise<{ scanned: Scanned; item: ScanItem; scanMs: number; backtestsMs: number } | null> {
  const startedMs = monotonicMs();
  progress.activity = "scanning the exchange";
  const scanned = await pipeline.scan();
  if (scanned.kind === "held") return null;
  const scannedMs = monotonicMs();
  const { scanId, universe, selected } = scanned;
  progress.scan = { scanId, universe: universe.length, selected: selected.length };
  progress.backtests = { total: scanned.tasks, ended: 0, failed: 0, startedMs: scannedMs };
  progress.activity = "backtesting";
  for (;;) {
    const item = await pipeline.scans.get(scanned.scanId);
    if (item === null) throw new Error(`scan ${scanned.scanId} is not in the scan history`);
    progress.backtests.ended = item.totalTasks - item.pendingTasks;
    progress.backtests.failed = item.failedTasks;
    if (item.pendingTasks === 0 || isOver(pipeline, scanned) || stopping.aborted) {
      return { scanned, item, scanMs: scannedMs - startedMs, backtestsMs: monotonicMs() - scannedMs };
    }
    await pause(POLL_MS, stopping);
  }
}

/** Makes one selection and waits until all its signals are processed. Null when this minute's is already done. */
export async function selectAndFind(
  pipeline: Pipeline,
  progress: Progress,
  stopping: AbortSignal,
): Promise<{
  selected: Selected;
  positions: readonly PositionItem[];
  selectMs: number;
  findMs: number;
} | null> {
  const startedMs = monotonicMs();
  progress.activity = "selecting strategies";
  const signals = { published: 0, ended: 0 };
  progress.signals = signals;
  progress.nextRun = null;
  const reasonsBefore = pipeline.noEntryReasons();
  const countReasons = () => {
    progress.noEntry = countedSince(reasonsBefore, pipeline.noEntryReasons());
  };
  const selected = await pipeline.select();
  if (selected.kind === "held") return null;
  const selectedMs = monotonicMs();
  const refused = Object.values(selected.refused).reduce((sum, count) => sum + count, 0);
  signals.published = selected.taken.length;
  progress.selection = {
    judged: selected.taken.length + refused,
    taken: selected.taken.length,
    refused: selected.refused,
  };
  progress.activity = "searching for entries";
  while (signals.ended < selected.taken.length && !isStale(pipeline, selected) && !stopping.aborted) {
    countReasons();
    await pause(POLL_MS, stopping);
  }
  countReasons();
  const positions = await pipeline.positions.active();
  progress.positions = positions;
  return { selected, positions, selectMs: selectedMs - startedMs, findMs: monotonicMs() - selectedMs };
}

/** What has been counted in between, the most frequent first. */
function countedSince(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>) {
  return [...now]
    .map(([reason, count]) => ({ reason, count: count - (before.get(reason) ?? 0) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}

/** After a scan's results expire nothing more is stored or counted: pending tasks stay pending. */
function isOver({ clock }: Pipeline, { scanTimestamp }: Scanned): boolean {
  return clock.nowMs() > (scanTimestamp + RESULT_LIFE_SECONDS) * 1000;
}

/** Signals that wait for a retry expire silently in the queue: after their lifetime no more will be processed. */
function isStale({ clock }: Pipeline, { taken }: Selected): boolean {
  const issuedAt = taken[0]?.issuedAt ?? 0;
  const { messageTtlMs } = TRADING_SIGNALS;
  return messageTtlMs !== null && clock.nowMs() - issuedAt > messageTtlMs;
}
