import { noSignal } from "#libs/strategy/decision.ts";
import { RSI_PERIOD } from "#libs/strategy/indicators/rsi.ts";
import type { Strategy } from "#libs/strategy/strategy.ts";

const defaults = { rsiLow: 30, rsiHigh: 70, percentBLow: 0.2, percentBHigh: 0.8 };
type Parameters = typeof defaults;

/** RSI is Wilder's, the band Bollinger(20, 2). */
export const PERIODS = { rsi: RSI_PERIOD, average: 5, band: 20, deviations: 2 };

const NONE = noSignal("RSI is not extreme");

/**
 * A strategy that every library can express: RSI extreme and the close at the edge of its band, in a candle that lies
 * inside the one before. The candle in which a trade ends is never an inside one, for it reaches a level that the
 * one before did not: whether a backtest looks for a signal in it makes no difference.
 */
export const OVERSOLD_INSIDE: Strategy<Parameters> = {
  name: "OVERSOLD_INSIDE",
  description: "inside candle at the edge of the Bollinger band while RSI is extreme",
  defaults,
  gate: (p) => ({
    changeWindow: 2,
    changePercent: Number.POSITIVE_INFINITY,
    rsiAtMost: p.rsiLow,
    rsiAtLeast: p.rsiHigh,
  }),
  decide(view, p) {
    const rsi = view.rsi();
    if (!(rsi < p.rsiLow || rsi > p.rsiHigh)) return NONE;
    if (!(view.high() <= view.high(1) && view.low() >= view.low(1))) return NONE;
    const percentB = view.percentB();
    if (rsi < p.rsiLow && percentB <= p.percentBLow) return signal("LONG");
    if (rsi > p.rsiHigh && percentB >= p.percentBHigh) return signal("SHORT");
    return NONE;
  },
};

function signal(side: "LONG" | "SHORT") {
  return { kind: "signal", side, confidence: 60, reasons: [] } as const;
}

/** The same rule over ready columns, for what is not written against a `MarketView`. */
export function sideAt(
  rsi: number,
  lower: number,
  upper: number,
  candle: { high: number; low: number; close: number },
  before: { high: number; low: number },
): "LONG" | "SHORT" | null {
  if (!(rsi < defaults.rsiLow || rsi > defaults.rsiHigh)) return null;
  if (!(candle.high <= before.high && candle.low >= before.low)) return null;
  const percentB = (candle.close - lower) / (upper - lower);
  if (rsi < defaults.rsiLow && percentB <= defaults.percentBLow) return "LONG";
  if (rsi > defaults.rsiHigh && percentB >= defaults.percentBHigh) return "SHORT";
  return null;
}
