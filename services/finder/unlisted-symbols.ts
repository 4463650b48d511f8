import type { TradingSignal } from "#libs/contracts/messages.ts";
import { MarketError } from "#libs/market/market-error.ts";
import type { Delivery } from "#libs/queue/queue.ts";
import type { Clock } from "#libs/runtime/clock.ts";
import type { Middleware } from "#services/shared/middleware.ts";

/** Listings change a few times a day: for this long the exchange is not asked about the symbol again. */
const ASK_AGAIN_MS = 60 * 60_000;
/** Results live for a day: a symbol that reappears later is a new case. */
const FORGET_MS = 24 * 60 * 60_000;
/** Symbols come from messages, so their number needs a limit. */
const MOST_SYMBOLS = 1_000;

/** Symbols that the exchange has reported as not listed. */
interface UnlistedSymbols {
  /** Whether this is a further signal of a symbol that the exchange recently reported as not listed. */
  isAnother(symbol: string, signalId: string): boolean;
  /** Records an unlisted symbol. True for the first signal of the symbol, also when it is redelivered. */
  add(symbol: string, signalId: string): boolean;
}

/**
 * A coin may be delisted while its results are valid for another day, and every minute brings new signals for it. The
 * first one is dead-lettered with the reason; the others would add nothing.
 */
function makeUnlistedSymbols(clock: Clock): UnlistedSymbols {
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

/**
 * Lets the first signal of an unlisted symbol fail, for the failure policy to dead-letter it, and discards the others.
 * @param discarded hears of each signal that is discarded.
 */
export function withoutUnlistedSymbols(
  clock: Clock,
  discarded: (delivery: Delivery<TradingSignal>) => void,
): Middleware<TradingSignal> {
  const unlisted = makeUnlistedSymbols(clock);
  return (next) => async (delivery) => {
    const { symbol, signalId } = delivery.message;
    if (!unlisted.isAnother(symbol, signalId)) {
      try {
        return await next(delivery);
      } catch (error) {
        if (!(error instanceof MarketError) || error.kind !== "unknown-symbol") throw error;
        if (unlisted.add(symbol, signalId)) throw error;
      }
    }
    discarded(delivery);
    return { kind: "ack" };
  };
}
