import { type Decision, noSignal, type Signal } from "./decision.ts";
import type { TriggerCondition, TriggerConditions } from "./engine/gate.ts";
import { LEVEL_RATIOS } from "./indicators/fibonacci.ts";
import { FUNDING_HEAVY_RATE, type FundingSentiment, fundingSentiment } from "./indicators/funding.ts";
import { BTC_TREND, COIN_TREND } from "./indicators/trend.ts";
import type { KnownMarket } from "./known-market.ts";
import type { MarketView } from "./market-view.ts";
import type { ParameterRange } from "./parameter-range.ts";
import type { Strategy } from "./strategy.ts";

const defaults = {
  coinTrend: COIN_TREND,
  btcTrend: BTC_TREND,
  minimumFrames: 2,
  zones: { ratios: LEVEL_RATIOS, tolerance: 0.003, minimumFrames: 2 },
  /** Percent to a zone: below it the price is at the zone, above it there is room to run. */
  zoneDistancePercent: 1,
  fundingHeavyRate: FUNDING_HEAVY_RATE,
  /** A and B: with the trend. */
  trend: {
    threshold: 80,
    base: 55,
    btcWith: 20,
    btcElse: 10,
    crowdAgainst: 15,
    crowdWith: -10,
    /** RSI on the far side of this adds `rsiBonus`. */
    rsiMiddle: 50,
    rsiBonus: 10,
    /** No SHORT below, no LONG above. */
    rsiOversold: 30,
    rsiOverbought: 70,
    btcAgainstStrength: 60,
  },
  /** C and D: reversal at a zone. */
  reversal: {
    threshold: 85,
    base: 75,
    btcWith: 15,
    btcElse: 5,
    crowdAgainst: 10,
    rsiLow: 35,
    rsiHigh: 65,
    percentBLow: 0.2,
    percentBHigh: 0.8,
    btcAgainstStrength: 70,
  },
};
type AdvancedParameters = typeof defaults;

const ranges: readonly ParameterRange[] = [
  { name: "trend.threshold", from: 70, to: 90, step: 5, description: "minimum score with the trend" },
  { name: "reversal.threshold", from: 80, to: 95, step: 5, description: "minimum score of a reversal" },
  {
    name: "coinTrend.thresholdPercent",
    from: 0.3,
    to: 0.9,
    step: 0.2,
    description: "minimum price change of the coin",
  },
  {
    name: "zoneDistancePercent",
    from: 0.5,
    to: 1.5,
    step: 0.5,
    description: "maximum distance at a zone, minimum room to the next",
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
    name: "btcTrend.thresholdPercent",
    from: 0.1,
    to: 0.5,
    step: 0.2,
    description: "minimum price change of BTC",
  },
  { name: "zones.tolerance", from: 0.001, to: 0.005, step: 0.002, description: "width of a confluence zone" },
  { name: "trend.rsiMiddle", from: 40, to: 60, step: 5, description: "RSI beyond it adds to the score" },
  {
    name: "trend.btcAgainstStrength",
    from: 40,
    to: 80,
    step: 20,
    description: "maximum strength of an opposite BTC trend",
  },
  { name: "reversal.rsiLow", from: 25, to: 45, step: 5, description: "maximum RSI of a long reversal" },
  { name: "reversal.rsiHigh", from: 55, to: 75, step: 5, description: "minimum RSI of a short reversal" },
  {
    name: "reversal.percentBLow",
    from: 0.1,
    to: 0.3,
    step: 0.1,
    description: "maximum percentB of a long reversal",
  },
  {
    name: "reversal.percentBHigh",
    from: 0.7,
    to: 0.9,
    step: 0.1,
    description: "minimum percentB of a short reversal",
  },
];

const FRAMES_ABSENT = noSignal("fewer than two Fibonacci frames have a full window");
const QUIET = noSignal("coin trend is sideways and RSI is not extreme");
const AVERAGES = noSignal("the moving averages do not confirm the coin's price change");
const RSI_SPENT = noSignal("RSI shows that the trend is exhausted");
const TREND_SCORE = noSignal("the score with the trend is below its threshold");
const BTC_AGAINST = noSignal("BTC trends strongly against the trade");
const NO_ROOM = noSignal("a confluence zone blocks the trend");
const PERCENT_B = noSignal("RSI is extreme, but the close is not at the Bollinger band");
const REVERSAL_SCORE = noSignal("the score of a reversal is below its threshold");
const NO_ZONE = noSignal("RSI is extreme, but no confluence zone is near");

/**
 * Multi-timeframe confluence: with the trend where there is room to the next zone (scenarios A short, B long), or
 * a reversal at a zone (C long, D short). The conditions of a scenario are a conjunction, so their order is free: the
 * score, which rarely suffices, comes before the zones, which are expensive.
 */
export const ADVANCED: Strategy<AdvancedParameters> = {
  name: "ADVANCED",
  description: "multi-timeframe confluence of Fibonacci zones, BTC and funding",
  defaults,
  ranges,
  gate: (p) => ({
    changeWindow: p.coinTrend.window,
    changePercent: p.coinTrend.thresholdPercent,
    rsiAtMost: p.reversal.rsiLow,
    rsiAtLeast: p.reversal.rsiHigh,
    conditions: {
      heavyRate: p.fundingHeavyRate,
      btcWindow: p.btcTrend.window,
      btcPercent: p.btcTrend.thresholdPercent,
      LONG_HEAVY: doorNeeds(p, "LONG_HEAVY"),
      SHORT_HEAVY: doorNeeds(p, "SHORT_HEAVY"),
      NEUTRAL: doorNeeds(p, "NEUTRAL"),
    },
  }),
  cannotSignal,
  decide(view: MarketView, p: AdvancedParameters): Decision {
    const change = view.changePercent(p.coinTrend.window);
    const rsi = view.rsi();
    let decision: Decision = QUIET;
    if (change < -p.coinTrend.thresholdPercent) decision = withTrend(view, p, rsi, false);
    else if (change > p.coinTrend.thresholdPercent) decision = withTrend(view, p, rsi, true);
    if (decision.kind === "none") {
      if (rsi <= p.reversal.rsiLow) decision = reversal(view, p, rsi, true);
      if (decision.kind === "none" && rsi >= p.reversal.rsiHigh) decision = reversal(view, p, rsi, false);
    }
    return decision;
  },
};

/** The frames that are never there, and scores that stay below their thresholds on both sides. */
function cannotSignal(p: AdvancedParameters, known: KnownMarket): string | null {
  const frames = known.frames.length;
  if (frames < p.minimumFrames) {
    const full = frames === 0 ? "none ever has one" : `only ${known.frames.join(", ")} ever has one`;
    return `it needs ${p.minimumFrames} Fibonacci frames with a full window, and ${full} in these candles`;
  }
  const { trend: t, reversal: r } = p;
  const btcKnown = known.btcCandles >= p.btcTrend.window;
  const sentiments = possibleSentiments(known, p.fundingHeavyRate);
  const best = (score: (sentiment: FundingSentiment, long: boolean) => number): number =>
    Math.max(...sentiments.flatMap((sentiment) => [score(sentiment, true), score(sentiment, false)]));
  const fromBtc = (rule: typeof t | typeof r): number =>
    btcKnown ? Math.max(rule.btcWith, rule.btcElse) : rule.btcElse;
  const trend = best(
    (sentiment, long) => t.base + fromBtc(t) + crowdScore(t, sentiment, long) + Math.max(0, t.rsiBonus),
  );
  const reversal = best(
    (sentiment, long) => r.base + fromBtc(r) + crowdScore({ ...r, crowdWith: 0 }, sentiment, long),
  );
  if (trend >= t.threshold || reversal >= r.threshold) return null;
  return (
    `its score reaches ${trend} of ${t.threshold} with the trend and ${reversal} of ${r.threshold} at a reversal at best: ` +
    missing(p, known, btcKnown, sentiments)
  );
}

function possibleSentiments(
  { fundingRates }: KnownMarket,
  heavyRate: number,
): readonly [FundingSentiment, ...FundingSentiment[]] {
  const rates = fundingRates === null ? [] : [fundingRates.lowest, fundingRates.highest];
  return ["NEUTRAL", ...rates.map((rate) => fundingSentiment(rate, heavyRate))];
}

/** What is not known and would add to a score. */
function missing(
  p: AdvancedParameters,
  known: KnownMarket,
  btcKnown: boolean,
  sentiments: readonly FundingSentiment[],
): string {
  const lacks: string[] = [];
  if (known.btcCandles === 0) lacks.push("BTC is unknown");
  else if (!btcKnown) {
    lacks.push(`BTC is known for ${known.btcCandles} candles, its trend needs ${p.btcTrend.window}`);
  }
  if (known.fundingRates === null) lacks.push("funding is unknown");
  else if (sentiments.every((sentiment) => sentiment === "NEUTRAL")) {
    lacks.push(`no funding rate is beyond ${p.fundingHeavyRate * 100} %`);
  }
  return lacks.length === 0 ? "no scenario adds up to more" : lacks.join(", and ");
}

/** What each scenario still lacks when funding says this and RSI adds all it can. */
function doorNeeds(p: AdvancedParameters, sentiment: FundingSentiment): TriggerConditions {
  const { trend: t, reversal: r } = p;
  const need = (score: number, rule: typeof t | typeof r): TriggerCondition => {
    if (score + Math.max(rule.btcWith, rule.btcElse) < rule.threshold) return "closed";
    return score + rule.btcElse < rule.threshold ? "btc" : "nothing";
  };
  const trend = (long: boolean) => {
    const score = t.base + crowdScore(t, sentiment, long);
    const bonusNeeded = need(score, t) === "closed";
    return { need: need(score + Math.max(0, t.rsiBonus), t), bonusNeeded };
  };
  const reversal = (long: boolean) => need(r.base + crowdScore({ ...r, crowdWith: 0 }, sentiment, long), r);
  const rise = trend(true);
  const fall = trend(false);
  return {
    rise: rise.need,
    riseRsiAtMost: rise.bonusNeeded ? Math.min(t.rsiMiddle, t.rsiOverbought) : t.rsiOverbought,
    fall: fall.need,
    fallRsiAtLeast: fall.bonusNeeded ? Math.max(t.rsiMiddle, t.rsiOversold) : t.rsiOversold,
    oversold: reversal(true),
    overbought: reversal(false),
  };
}

function crowdScore(
  rule: { readonly crowdAgainst: number; readonly crowdWith: number },
  sentiment: FundingSentiment,
  long: boolean,
): number {
  const crowd = crowdOf(sentiment, long);
  return crowd === "against" ? rule.crowdAgainst : crowd === "with" ? rule.crowdWith : 0;
}

/** Scenario A (short) and its mirror image B (long). */
function withTrend(view: MarketView, p: AdvancedParameters, rsi: number, long: boolean): Decision {
  const t = p.trend;
  if (long ? rsi > t.rsiOverbought : rsi < t.rsiOversold) return RSI_SPENT;
  const sentiment = view.fundingSentiment(p.fundingHeavyRate);
  const fixed =
    t.base +
    crowdScore(t, sentiment, long) +
    ((long ? rsi < t.rsiMiddle : rsi > t.rsiMiddle) ? t.rsiBonus : 0);
  // What BTC adds at best decides most candles without looking at BTC.
  if (fixed + Math.max(t.btcWith, t.btcElse) < t.threshold) return TREND_SCORE;
  const score = fixed + (view.btcTrends(long ? "UP" : "DOWN", p.btcTrend) ? t.btcWith : t.btcElse);
  if (score < t.threshold) return TREND_SCORE;
  if (view.coinTrend(p.coinTrend) !== (long ? "UP" : "DOWN")) return AVERAGES;
  if (isBtcAgainst(view, p, long, t.btcAgainstStrength)) return BTC_AGAINST;
  if (view.frameCount() < p.minimumFrames) return FRAMES_ABSENT;
  const room = long ? view.resistanceDistancePercent(p.zones) : view.supportDistancePercent(p.zones);
  if (!(room > p.zoneDistancePercent)) return NO_ROOM;
  return signal(view, p, long, score, sentiment, [
    `coin trend ${long ? "UP" : "DOWN"} (${view.changePercent(p.coinTrend.window).toFixed(2)} %)`,
    `${long ? "resistance" : "support"} ${room === Infinity ? "none" : `${room.toFixed(2)} % away`}`,
  ]);
}

/** Scenario C (long) and its mirror image D (short). */
function reversal(view: MarketView, p: AdvancedParameters, rsi: number, long: boolean): Decision {
  const r = p.reversal;
  const sentiment = view.fundingSentiment(p.fundingHeavyRate);
  const fixed = r.base + (crowdOf(sentiment, long) === "against" ? r.crowdAgainst : 0);
  if (fixed + Math.max(r.btcWith, r.btcElse) < r.threshold) return REVERSAL_SCORE;
  const score = fixed + (view.btcTrends(long ? "UP" : "DOWN", p.btcTrend) ? r.btcWith : r.btcElse);
  if (score < r.threshold) return REVERSAL_SCORE;
  const percentB = view.percentB();
  if (!(long ? percentB <= r.percentBLow : percentB >= r.percentBHigh)) return PERCENT_B;
  if (isBtcAgainst(view, p, long, r.btcAgainstStrength)) return BTC_AGAINST;
  if (view.frameCount() < p.minimumFrames) return FRAMES_ABSENT;
  const distance = long ? view.supportDistancePercent(p.zones) : view.resistanceDistancePercent(p.zones);
  if (!(distance <= p.zoneDistancePercent)) return NO_ZONE;
  return signal(view, p, long, score, sentiment, [
    `${long ? "support" : "resistance"} zone ${distance.toFixed(2)} % away`,
    `RSI ${rsi.toFixed(1)}, percentB ${percentB.toFixed(2)}`,
  ]);
}

/** The crowd's side by funding: a crowd that pays to be on the other side favours the trade. */
function crowdOf(sentiment: FundingSentiment, long: boolean): "with" | "against" | "none" {
  if (sentiment === "NEUTRAL") return "none";
  return (sentiment === "LONG_HEAVY") === long ? "with" : "against";
}

function isBtcAgainst(view: MarketView, p: AdvancedParameters, long: boolean, strength: number): boolean {
  return view.btcTrends(long ? "DOWN" : "UP", p.btcTrend) && view.btcTrendStrength(p.btcTrend) > strength;
}

function signal(
  view: MarketView,
  p: AdvancedParameters,
  long: boolean,
  score: number,
  sentiment: FundingSentiment,
  causes: readonly string[],
): Signal {
  const reasons = [...causes, `BTC ${view.btcTrend(p.btcTrend)}`, `${view.frameCount()} Fibonacci frames`];
  if (sentiment !== "NEUTRAL") reasons.push(`funding ${sentiment}`);
  return { kind: "signal", side: long ? "LONG" : "SHORT", confidence: Math.min(100, score), reasons };
}
