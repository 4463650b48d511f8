import type { KnownMarket } from "./known-market.ts";
import type { Strategy } from "./strategy.ts";
import { FIRST_DECISION_INDEX } from "./warm-up.ts";

/**
 * Why a strategy cannot trade on a market with only this data, as a readable sentence; null if a trade is possible. The
 * strategy itself defines what it needs: see `Strategy.cannotSignal`.
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
