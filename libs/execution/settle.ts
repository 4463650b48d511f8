import { closeTrade, type TradeMarket } from "#libs/backtest/engine/close-trade.ts";
import { enterTrade } from "#libs/backtest/engine/enter-trade.ts";
import { exitTrade, findExit } from "#libs/backtest/engine/find-exit.ts";
import { reviewExits } from "#libs/backtest/engine/review-exits.ts";
import type { OpenTrade, Trade } from "#libs/backtest/engine/trade.ts";
import { aggregate } from "#libs/candles/aggregate.ts";
import { at } from "#libs/candles/at.ts";
import { type Candles, endMs, type FundingRates, openTimeMs } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { Signal } from "#libs/strategy/decision.ts";
import { OFF_THE_MINUTE_MS } from "#libs/strategy/indicators/funding.ts";
import type { OrderPrices } from "#libs/trading/order-prices.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";

/** A trade that reaches neither level is closed at the market price after this time. */
export const FOLLOWED_MS = 7 * DAY_MS;

/** A signal as it was published, with the rules of that time. */
export interface FollowedSignal {
  /** Of the timeframe. */
  readonly intervalMs: number;
  /** Close of the signal candle: the entry candle opens here. */
  readonly signalMs: number;
  /** Until then the position may be acted on. */
  readonly lifeEndMs: number;
  readonly decision: Signal;
  /** Rounded to the tick. */
  readonly prices: OrderPrices;
  readonly rules: TradeRules;
  readonly tickSize: string;
}

export interface Entry {
  /** Milliseconds. */
  readonly entryMs: number;
  /** With slippage. */
  readonly fillPrice: number;
}

/** What closed candles say of a signal so far. */
export type Progress =
  /** The position may still be acted on, or its candles are not there yet. */
  | { readonly kind: "waiting" }
  | { readonly kind: "open"; readonly entry: Entry; readonly bestPriceInLife: number }
  /** The entry candle opened beyond the entry tolerance: no trade. */
  | { readonly kind: "skipped"; readonly open: number; readonly bestPriceInLife: number }
  /** The trade has ended, and its result depends on the rates settled in `(fromMs, toMs]`. */
  | { readonly kind: "needs-funding"; readonly fromMs: number; readonly toMs: number }
  | Ended;

export interface Ended {
  readonly kind: "ended";
  readonly by: "target" | "stop" | "liquidation" | "timeout";
  readonly trade: Trade;
  readonly holdingMinutes: number;
  /** Stop and target lay in one candle, and the minutes inside decided. */
  readonly decidedByDetail: boolean;
  readonly bestPriceInLife: number;
  /** The exchange now shows another close of the signal candle than the signal was made with. */
  readonly isRevised: boolean;
}

/**
 * Follows a signal to its end with the functions of the backtest, on the same candles: the result is that of a backtest
 * that holds no other position. What has closed is what `minutes` has; nothing is decided on a running candle.
 * @param minutes one-minute candles from the last minute of the signal candle, or earlier, without a hole.
 * @param funding null until the progress asks for it.
 */
export function settle(
  signal: FollowedSignal,
  minutes: Candles,
  funding: FundingRates | null = null,
): Progress {
  const { signalMs, lifeEndMs, rules, decision } = signal;
  const before = (signalMs - minutes.startMs) / MINUTE_MS - 1;
  if (minutes.intervalMs !== MINUTE_MS || before < 0) {
    throw new RangeError("a signal is followed on one-minute candles from the end of its candle on");
  }
  if (endMs(minutes) < Math.max(lifeEndMs, signalMs + MINUTE_MS)) return { kind: "waiting" };
  const bestPriceInLife = bestPrice(signal, minutes, before + 1);
  // The last minute of the signal candle closes where the candle does, the next one opens where the entry candle does.
  const entered = enterTrade(minutes, before, decision, rules, signal.tickSize);
  if (entered === null) return { kind: "skipped", open: at(minutes.open, before + 1), bestPriceInLife };
  const trade = asPublished(entered, signal.prices);
  const entry = { entryMs: trade.entryMs, fillPrice: trade.fillPrice };

  const candles = aggregate(sliceCandles(minutes, before + 1), signal.intervalMs);
  const followed = Math.floor(FOLLOWED_MS / signal.intervalMs);
  const end = Math.min(candles.length, followed);
  const touched = findExit(candles, trade, 0, end);
  if (touched === -1 && end < followed) return { kind: "open", entry, bestPriceInLife };
  const exitIndex = touched === -1 ? end - 1 : touched;
  const exitMs = openTimeMs(candles, exitIndex);
  // Rates are settled on whole hours; their stamps may be some milliseconds off, and `fundingPaid` decides what counts.
  if (funding === null && Math.floor(exitMs / HOUR_MS) * HOUR_MS > trade.entryMs) {
    return { kind: "needs-funding", fromMs: trade.entryMs, toMs: exitMs + OFF_THE_MINUTE_MS - 1 };
  }
  const market = { candles, funding, rules };
  const ended =
    touched === -1 ? timedOut(market, trade, exitIndex) : atLevel(market, trade, exitIndex, minutes);
  return {
    kind: "ended",
    ...ended,
    holdingMinutes: (exitMs + signal.intervalMs - trade.entryMs) / MINUTE_MS,
    bestPriceInLife,
    isRevised: entered.entryPrice !== signal.prices.entry,
  };
}

/** The levels that were published, whatever the exchange shows of the signal candle by now. */
function asPublished(entered: OpenTrade, prices: OrderPrices): OpenTrade {
  return { ...entered, entryPrice: prices.entry, stopLoss: prices.stop, takeProfit: prices.target };
}

function atLevel(
  market: TradeMarket,
  trade: OpenTrade,
  exitIndex: number,
  minutes: Candles,
): Pick<Ended, "by" | "trade" | "decidedByDetail"> {
  const exit = exitTrade(market, trade, exitIndex);
  const detail = market.candles.intervalMs > MINUTE_MS ? minutes : null;
  const { trades, ambiguity } = reviewExits([exit], market, detail);
  const reviewed = trades[0] ?? exit;
  const by = { take_profit: "target", stop_loss: "stop", liquidation: "liquidation" } as const;
  return { by: by[reviewed.exitReason], trade: reviewed, decidedByDetail: ambiguity.decided > 0 };
}

/** At the close of the last candle, as a market order would be filled. */
function timedOut(
  market: TradeMarket,
  trade: OpenTrade,
  lastIndex: number,
): Pick<Ended, "by" | "trade" | "decidedByDetail"> {
  const price = at(market.candles.close, lastIndex);
  return {
    by: "timeout",
    trade: closeTrade(market, trade, lastIndex, { reason: "stop_loss", price }),
    decidedByDetail: false,
  };
}

/** The best price at which the position could be entered while it lived. */
function bestPrice(
  { decision, signalMs, lifeEndMs }: FollowedSignal,
  minutes: Candles,
  first: number,
): number {
  const lived = Math.max(1, Math.ceil((lifeEndMs - signalMs) / MINUTE_MS));
  const isLong = decision.side === "LONG";
  const prices = (isLong ? minutes.low : minutes.high).subarray(first, first + lived);
  return isLong ? Math.min(...prices) : Math.max(...prices);
}
