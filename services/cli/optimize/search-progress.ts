import { monotonicMs } from "#libs/runtime/clock.ts";
import { progressBar, timeLeft } from "#libs/terminal/progress-bar.ts";

/** Return to the beginning of the line and clear it. */
const CLEAR_LINE = "\r\u001b[2K";
const FRAME_MS = 100;
const LINE_MS = 5000;

/**
 * The progress of a search: a bar that is redrawn on a terminal, elsewhere a plain line every few seconds.
 * @param write to standard error: standard output holds the result.
 */
export function makeSearchProgress(
  what: string,
  watched: boolean,
  write: (text: string) => void,
  nowMs: () => number = monotonicMs,
) {
  const startedMs = nowMs();
  let toldMs = watched ? Number.NEGATIVE_INFINITY : startedMs;
  return {
    /** @param part of the work that is done, 0 to 1 */
    show(part: number): void {
      const elapsedMs = nowMs();
      if (elapsedMs - toldMs < (watched ? FRAME_MS : LINE_MS)) return;
      toldMs = elapsedMs;
      const percent = `${Math.floor(part * 100)} %${timeLeft(part, 1, elapsedMs - startedMs)}`;
      write(watched ? `${CLEAR_LINE}${progressBar(part, 1)} ${percent}` : `${what}: ${percent}\n`);
    },
    /** Removes the bar. */
    clear(): void {
      if (watched && toldMs > Number.NEGATIVE_INFINITY) write(CLEAR_LINE);
    },
    elapsedMs: () => nowMs() - startedMs,
  };
}
