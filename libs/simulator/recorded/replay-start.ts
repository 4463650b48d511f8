import type { RecordedExchange } from "./recorded-exchange.ts";

const HALF_HOUR_MS = 30 * 60_000;
const AFTER_BOUNDARY_MS = 30_000;

/** The time that a recording covers, for most of its symbols. */
export interface ReplayRange {
  readonly fromMs: number;
  /** The end of the last candle: of the symbols whose number is largest at one moment. */
  readonly toMs: number;
}

/** The range of most symbols: some may begin later or end earlier. */
export function replayRange(source: Pick<RecordedExchange, "coverage">): ReplayRange {
  const spans = source.coverage();
  const reaching = (timeMs: number) => spans.filter(({ fromMs, toMs }) => fromMs < timeMs && timeMs <= toMs);
  let best = { symbols: 0, timeMs: 0 };
  for (const { toMs } of spans) {
    const symbols = reaching(toMs).length;
    if (symbols > best.symbols || (symbols === best.symbols && toMs > best.timeMs)) {
      best = { symbols, timeMs: toMs };
    }
  }
  const begins = reaching(best.timeMs)
    .map(({ fromMs }) => fromMs)
    .sort((a, b) => a - b);
  return { fromMs: begins[Math.floor((begins.length - 1) / 2)] ?? best.timeMs, toMs: best.timeMs };
}

/**
 * Where a clock that is stopped stands by default: half a minute after the last half-hour boundary that the
 * most symbols reach, so that the last candle of every timeframe has just closed and the whole recording lies before
 * it as history.
 */
export function defaultReplayStartMs(source: Pick<RecordedExchange, "coverage">): number {
  const { toMs } = replayRange(source);
  return Math.floor((toMs - AFTER_BOUNDARY_MS) / HALF_HOUR_MS) * HALF_HOUR_MS + AFTER_BOUNDARY_MS;
}

/**
 * Where a clock that runs starts by default: where the longest history that leaves something to replay fits
 * before it.
 * @param historiesMs the histories that the work needs, in any order.
 * @param leastReplayMs what has to be left to replay.
 */
export function runningReplayStartMs(
  range: ReplayRange,
  historiesMs: readonly number[],
  leastReplayMs: number,
): number {
  const latestMs = range.toMs - leastReplayMs - AFTER_BOUNDARY_MS;
  const fitting = historiesMs
    .map((historyMs) => Math.ceil((range.fromMs + historyMs) / HALF_HOUR_MS) * HALF_HOUR_MS)
    .filter((boundaryMs) => boundaryMs <= latestMs);
  // Without any, half of the recording is history.
  const half = Math.floor((range.fromMs + range.toMs) / 2 / HALF_HOUR_MS) * HALF_HOUR_MS;
  return (fitting.length > 0 ? Math.max(...fitting) : half) + AFTER_BOUNDARY_MS;
}
