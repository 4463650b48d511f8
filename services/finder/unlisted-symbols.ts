import type { Clock } from "#libs/runtime/clock.ts";

/** Listings change a few times a day: until then nobody asks the exchange about the symbol again. */
const ASK_AGAIN_MS = 60 * 60_000;
/** Results live for a day: a symbol that comes up after a longer silence is another case. */
const FORGET_MS = 24 * 60 * 60_000;
/** A symbol comes from a message, so there could be any number of them. */
const MOST_SYMBOLS = 1_000;

/** The symbols of which the exchange has said that it does not list them. */
export interface UnlistedSymbols {
  /** Whether a signal is one more of a symbol about which the exchange was asked lately, and need not be again. */
  isAnother(symbol: string, signalId: string): boolean;
  /** The exchange does not list it. True for the first signal of the symbol, also when it is delivered again. */
  add(symbol: string, signalId: string): boolean;
}

/**
 * A coin is delisted while its results are good for another day, and each minute brings its signals: the first one
 * is a dead letter, with the reason, and the others would say nothing that it does not.
 */
export function makeUnlistedSymbols(clock: Clock): UnlistedSymbols {
  const known = new Map<string, { readonly firstSignalId: string; readonly askedMs: number }>();
  const askedWithin = (symbol: string, ms: number) => {
    const entry = known.get(symbol);
    return entry !== undefined && clock.nowMs() - entry.askedMs < ms ? entry : undefined;
  };
  return {
    isAnother(symbol, signalId) {
      const entry = askedWithin(symbol, ASK_AGAIN_MS);
      return entry !== undefined && entry.firstSignalId !== signalId;
    },
    add(symbol, signalId) {
      const firstSignalId = askedWithin(symbol, FORGET_MS)?.firstSignalId ?? signalId;
      known.set(symbol, { firstSignalId, askedMs: clock.nowMs() });
      if (known.size > MOST_SYMBOLS) {
        const [oldest] = known.keys();
        if (oldest !== undefined) known.delete(oldest);
      }
      return firstSignalId === signalId;
    },
  };
}
