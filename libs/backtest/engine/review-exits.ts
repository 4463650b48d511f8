import { divides } from "#libs/candles/aggregate.ts";
import { at } from "#libs/candles/at.ts";
import { type Candles, openTimeMs } from "#libs/candles/candles.ts";
import { closeTrade, type TradeMarket } from "./close-trade.ts";
import { type ExitLevel, exitLevel, targetExit, touchesAdverse, touchesTarget } from "./exit-level.ts";
import type { OpenTrade, Trade } from "./trade.ts";

/**
 * Trades whose adverse level (the nearer of stop and liquidation price) and target lie in the candle they ended in, so
 * that the candle does not show which came first.
 */
export interface Ambiguity {
  readonly trades: number;
  /** Those of them that the shorter candles inside have decided. The others end at the adverse level. */
  readonly decided: number;
  /** Total PnL in USDT, had the undecided ones reached their target first. */
  readonly optimisticPnl: number;
  /** Win rate of all trades in that case, percent; null without a trade. */
  readonly optimisticWinRate: number | null;
}

export interface ExitReview {
  /** The given trades, with the reviewed ones replaced. */
  readonly trades: readonly Trade[];
  readonly ambiguity: Ambiguity;
}

/**
 * Looks into the candles in which trades ended at their adverse level. Another outcome in the same candle changes no other trade: the
 * position ends in that candle either way, margins are fixed, and what is decided next rests on candles alone. So the
 * trades can be reviewed one by one afterwards, at no cost to the loop over candles.
 * @param detail shorter candles of the same symbol, from anywhere; where they are missing, lie outside the prices
 *   of their candle, or have both levels in one of them too, the adverse exit stands.
 * @throws RangeError when the detail's interval is not a part of the candles'.
 */
export function reviewExits(
  trades: readonly Trade[],
  market: TradeMarket,
  detail: Candles | null = null,
): ExitReview {
  const { candles } = market;
  if (
    detail !== null &&
    !(detail.intervalMs < candles.intervalMs && divides(detail.intervalMs, candles.intervalMs))
  ) {
    throw new RangeError(
      `candles of ${detail.intervalMs} ms do not lie inside candles of ${candles.intervalMs} ms: give shorter ones`,
    );
  }
  const reviewed: Trade[] = [];
  let ambiguous = 0;
  let decided = 0;
  let optimisticPnl = 0;
  let optimisticWins = 0;
  for (const trade of trades) {
    const i = (trade.exitMs - candles.startMs) / candles.intervalMs;
    let actual = trade;
    let optimistic = trade;
    if (isAmbiguous(trade, candles, i)) {
      ambiguous++;
      const level = detail === null ? null : firstTouched(trade, detail, candles, i);
      if (level === null) {
        optimistic = closeTrade(market, trade, i, targetExit(trade, at(candles.open, i)));
      } else {
        decided++;
        actual = closeTrade(market, trade, i, level);
        optimistic = actual;
      }
    }
    reviewed.push(actual);
    optimisticPnl += optimistic.net;
    if (optimistic.net > 0) optimisticWins++;
  }
  const optimisticWinRate = trades.length === 0 ? null : (optimisticWins * 100) / trades.length;
  return {
    trades: reviewed,
    ambiguity: { trades: ambiguous, decided, optimisticPnl, optimisticWinRate },
  };
}

/** A candle that opens beyond a level is not ambiguous: that level was first, whatever came later. */
function isAmbiguous(trade: OpenTrade, candles: Candles, i: number): boolean {
  return touchesBoth(trade, at(candles.open, i), at(candles.high, i), at(candles.low, i));
}

function touchesBoth(trade: OpenTrade, open: number, high: number, low: number): boolean {
  return (
    touchesAdverse(trade, high, low) &&
    touchesTarget(trade, high, low) &&
    !touchesAdverse(trade, open, open) &&
    !touchesTarget(trade, open, open)
  );
}

/** The level touched first by the shorter candles inside candle `i`; null if they do not show it. */
function firstTouched(trade: OpenTrade, detail: Candles, candles: Candles, i: number): ExitLevel | null {
  const fromMs = openTimeMs(candles, i);
  const toMs = openTimeMs(candles, i + 1);
  const first = Math.max(0, Math.ceil((fromMs - detail.startMs) / detail.intervalMs));
  const end = Math.min(detail.length, Math.ceil((toMs - detail.startMs) / detail.intervalMs));
  // What was before the first of them is not known.
  if (openTimeMs(detail, first) !== fromMs) return null;
  const highest = at(candles.high, i);
  const lowest = at(candles.low, i);
  for (let k = first; k < end; k++) {
    // Prices far from the candle's belong to another market and are ignored.
    if (at(detail.low, k) > highest || at(detail.high, k) < lowest) return null;
    const open = at(detail.open, k);
    const high = at(detail.high, k);
    const low = at(detail.low, k);
    if (touchesBoth(trade, open, high, low)) return null;
    if (touchesAdverse(trade, high, low) || touchesTarget(trade, high, low)) {
      return exitLevel(trade, open, high, low);
    }
  }
  return null;
}
