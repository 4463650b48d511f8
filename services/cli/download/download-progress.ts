import { monotonicMs } from "#libs/runtime/clock.ts";
import { progressBar, timeLeft } from "#libs/terminal/progress-bar.ts";

/** Return to the beginning of the line and clear it. */
const CLEAR_LINE = "\r\u001b[2K";
const FRAME_MS = 100;
const LINE_MS = 5_000;

export interface DownloadProgress {
  /** @param coin its place among all, from 1 */
  show(symbol: string, coin: number, coins: number, done: number, total: number): void;
  /** A line above the bar. */
  say(text: string): void;
  /** Takes the bar away. */
  clear(): void;
}

/**
 * How far a download is: a bar that is drawn over itself on a terminal, elsewhere a plain line now and then.
 * @param write to the error output, for the other one is the result's.
 */
export function makeDownloadProgress(
  watched: boolean,
  write: (text: string) => void,
  nowMs: () => number = monotonicMs,
): DownloadProgress {
  let shownMs = nowMs() - (watched ? FRAME_MS : 0);
  let symbolShown = "";
  let startedMs = nowMs();
  let drawn = false;

  function clear(): void {
    if (drawn) write(CLEAR_LINE);
    drawn = false;
  }

  return {
    show(symbol, coin, coins, done, total) {
      if (symbol !== symbolShown) {
        symbolShown = symbol;
        startedMs = nowMs();
      }
      if (nowMs() - shownMs < (watched ? FRAME_MS : LINE_MS)) return;
      shownMs = nowMs();
      const left = timeLeft(done, total, nowMs() - startedMs);
      const text = `${symbol} (${coin} of ${coins}): ${Math.floor((100 * done) / total)} %${left}`;
      write(watched ? `${CLEAR_LINE}${progressBar(done, total)} ${text}` : `${text}\n`);
      drawn = watched;
    },
    say(text) {
      clear();
      write(`${text}\n`);
    },
    clear,
  };
}
