import { type Decision, noSignal, type Side } from "./decision.ts";
import { BTC_TREND, COIN_TREND } from "./indicators/trend.ts";
import type { MarketView } from "./market-view.ts";
import type { ParameterRange } from "./parameter-range.ts";
import type { Strategy } from "./strategy.ts";

const defaults = {
  coinTrend: COIN_TREND,
  btcTrend: BTC_TREND,
  /** A BTC trend against the trade forbids it above this strength. */
  btcAgainstStrength: 60,
  /** The Bollinger band must be wider than this. */
  minimumWidthPercent: 1.5,
  /** How far inside the band the close may still be, as a fraction of the band's price. */
  bandReach: 0.015,
  candle: { minimumBody: 0.002, longShadow: 2, shortShadow: 0.5 },
  levelRatios: [0.382, 0.5, 0.618, 0.786],
  /** Distance of close and level, as a fraction of the close. */
  levelTolerance: 0.005,
  rsiLow: 35,
  rsiHigh: 65,
  confidenceBase: 60,
  confidencePerFrame: 5,
  confidenceFrames: 4,
  confidenceTurning: 10,
};
type BasicParameters = typeof defaults;

const ranges: readonly ParameterRange[] = [
  {
    name: "coinTrend.thresholdPercent",
    from: 0.3,
    to: 0.9,
    step: 0.2,
    description: "minimum price change of the coin",
  },
  {
    name: "minimumWidthPercent",
    from: 1,
    to: 2,
    step: 0.5,
    description: "minimum width of the Bollinger band",
  },
  {
    name: "levelTolerance",
    from: 0.003,
    to: 0.009,
    step: 0.002,
    description: "distance to a Fibonacci level",
  },
  {
    name: "bandReach",
    from: 0.005,
    to: 0.025,
    step: 0.01,
    description: "maximum distance inside the Bollinger band",
  },
  {
    name: "coinTrend.window",
    from: 20,
    to: 40,
    step: 10,
    whole: true,
    description: "candles of the coin's price change",
  },
  {
    name: "btcAgainstStrength",
    from: 40,
    to: 80,
    step: 20,
    description: "maximum strength of an opposite BTC trend",
  },
  {
    name: "candle.minimumBody",
    from: 0.001,
    to: 0.003,
    step: 0.001,
    description: "minimum body of the candle",
  },
  { name: "rsiLow", from: 25, to: 45, step: 5, description: "maximum RSI of a long entry" },
  { name: "rsiHigh", from: 55, to: 75, step: 5, description: "minimum RSI of a short entry" },
];

const SIDEWAYS = noSignal("coin trend is sideways");
const AVERAGES = noSignal("the moving averages do not confirm the coin's price change");
const CANDLE = noSignal("no candle of rejection in the trend's direction");
const NARROW = noSignal("the Bollinger band is too narrow");
const BAND = noSignal("the close is not at the Bollinger band");
const BTC = noSignal("BTC trends strongly against the trade");
const NO_LEVEL = noSignal("no Fibonacci level near the close, and RSI is not turning");

/**
 * Reversal at a level, with the trend. The conditions are a conjunction, so their order is free: the cheap ones
 * that fail most often come first, the Fibonacci frames last.
 */
export const BASIC: Strategy<BasicParameters> = {
  name: "BASIC",
  description: "reversal at a Fibonacci level, with the trend",
  defaults,
  ranges,
  gate: (p) => ({
    changeWindow: p.coinTrend.window,
    changePercent: p.coinTrend.thresholdPercent,
    rsiAtMost: Number.NEGATIVE_INFINITY,
    rsiAtLeast: Number.POSITIVE_INFINITY,
    candle: p.candle,
  }),
  decide(view: MarketView, p: BasicParameters): Decision {
    const change = view.changePercent(p.coinTrend.window);
    if (change > p.coinTrend.thresholdPercent) return decideSide(view, p, "LONG");
    if (change < -p.coinTrend.thresholdPercent) return decideSide(view, p, "SHORT");
    return SIDEWAYS;
  },
};

function decideSide(view: MarketView, p: BasicParameters, side: Side): Decision {
  const long = side === "LONG";
  if (!(long ? view.isBullishCandle(p.candle) : view.isBearishCandle(p.candle))) return CANDLE;
  const spread = view.ma5() - view.ma20();
  if (!(long ? spread > 0 : spread < 0)) return AVERAGES;
  if (!(view.bandWidthPercent() > p.minimumWidthPercent)) return NARROW;
  const close = view.close();
  const atBand = long
    ? close <= view.bandLower() * (1 + p.bandReach)
    : close >= view.bandUpper() * (1 - p.bandReach);
  if (!atBand) return BAND;
  if (isBtcAgainst(view, p, long)) return BTC;

  const rsi = view.rsi();
  const turning = long ? rsi < p.rsiLow && rsi > view.rsi(1) : rsi > p.rsiHigh && rsi < view.rsi(1);
  const nearFrames = view.framesNearLevel(p.levelRatios, p.levelTolerance);
  if (nearFrames === 0 && !turning) return NO_LEVEL;
  const confidence =
    p.confidenceBase +
    p.confidencePerFrame * Math.min(nearFrames, p.confidenceFrames) +
    (turning ? p.confidenceTurning : 0);
  return { kind: "signal", side, confidence, reasons: reasons(view, p, long, nearFrames, turning) };
}

function isBtcAgainst(view: MarketView, p: BasicParameters, long: boolean): boolean {
  return (
    view.btcTrends(long ? "DOWN" : "UP", p.btcTrend) &&
    view.btcTrendStrength(p.btcTrend) > p.btcAgainstStrength
  );
}

function reasons(
  view: MarketView,
  p: BasicParameters,
  long: boolean,
  nearFrames: number,
  turning: boolean,
): string[] {
  const change = view.changePercent(p.coinTrend.window);
  const found = [
    `coin trend ${long ? "UP" : "DOWN"} (${change.toFixed(2)} %)`,
    `close at the ${long ? "lower" : "upper"} Bollinger band (width ${view.bandWidthPercent().toFixed(2)} %)`,
    `${long ? "bullish" : "bearish"} candle`,
  ];
  if (nearFrames > 0)
    found.push(`Fibonacci level near in ${nearFrames} ${nearFrames === 1 ? "frame" : "frames"}`);
  if (turning) found.push(`RSI turning at ${view.rsi().toFixed(1)}`);
  return found;
}
