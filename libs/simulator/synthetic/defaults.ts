/** The default seed of the synthetic exchange. */
export const DEFAULT_SEED = 7;

/**
 * The start of the simulated clock of a one-cycle run: half a minute after a boundary of all timeframes, so that the
 * last candle of each has just closed. At this time several selected strategies of the default seed have an entry (see
 * test/programs/bench/synthetic-market.ts).
 */
export const DEFAULT_START_MS = Date.UTC(2026, 0, 14, 21, 30, 30);
