const BAR_WIDTH = 30;

/** A progress bar of fixed width. */
export function progressBar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((done / total) * BAR_WIDTH);
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}

/** The estimated time left at the current pace; empty if it is unknown or nothing is left. */
export function timeLeft(done: number, total: number, elapsedMs: number): string {
  if (done === 0 || done >= total) return "";
  return `, ${Math.ceil((elapsedMs / done / 1000) * (total - done))} s left`;
}
