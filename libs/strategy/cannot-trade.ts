import type { KnownMarket } from "./known-market.ts";
import type { Strategy } from "./strategy.ts";
import { FIRST_DECISION_INDEX } from "./warm-up.ts";

/**
 * Why a strategy cannot trade on a market of which only this is known, as a sentence for people; null when a trade is
 * possible. A strategy says itself what it needs: see `Strategy.cannotSignal`.
 */
export function cannotTrade<P extends object>(
  strategy: Strategy<P>,
  parameters: P,
  known: KnownMarket,
): string | null {
  if (known.decisions === 0) {
    return (
      `${known.candles} candles hold no decision in the window: the first one is made when ${FIRST_DECISION_INDEX + 1} ` +
      "candles have closed, and its entry needs the candle after it"
    );
  }
  return strategy.cannotSignal?.(parameters, known) ?? null;
}
