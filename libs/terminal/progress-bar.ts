const BAR_WIDTH = 30;

/** A bar of fixed width, filled by the part that is done. */
export function progressBar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((done / total) * BAR_WIDTH);
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}

/** How long the rest will take at the pace so far, or nothing when that is not known or there is no rest. */
export function timeLeft(done: number, total: number, elapsedMs: number): string {
  if (done === 0 || done >= total) return "";
  return `, ${Math.ceil((elapsedMs / done / 1000) * (total - done))} s left`;
}
