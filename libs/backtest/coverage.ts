import { at } from "#libs/candles/at.ts";
import { type Candles, endMs, type FundingRates, openTimeMs } from "#libs/candles/candles.ts";
import { DAY_MS } from "#libs/candles/timeframe.ts";
import { FRAMES, frameWindow } from "#libs/strategy/frames.ts";
import { FUNDING_MAX_AGE_MS, settlementMs } from "#libs/strategy/indicators/funding.ts";
import { BTC_SYMBOL, frameSeries, type StudyInput } from "#libs/strategy/study.ts";

/** The part of a window in which data is known; times in ms, null without data. */
export interface Covered {
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** Of the window, 0 to 1. */
  readonly share: number;
  readonly days: number;
}

/** What a backtest knows beside the candles, and for which part of its window. Null: it was given nothing. */
export interface Coverage {
  readonly window: { readonly fromMs: number; readonly toMs: number; readonly days: number };
  readonly btc: Covered | null;
  readonly funding: Covered | null;
  readonly detail: Covered | null;
  /** By frame name: when its Fibonacci levels are known. */
  readonly frames: Readonly<Record<string, Covered>>;
}

type Span = readonly [fromMs: number, toMs: number];

/** @param firstIndex first candle of the window. */
export function coverageOf(input: StudyInput, firstIndex = 0, detail: Candles | null = null): Coverage {
  const { candles } = input;
  const fromMs = openTimeMs(candles, Math.min(firstIndex, candles.length));
  const toMs = endMs(candles);
  const within = (spans: readonly Span[]): Covered => covered(spans, fromMs, toMs);
  const btc = input.symbol === BTC_SYMBOL ? candles : input.btc;
  return {
    window: { fromMs, toMs, days: (toMs - fromMs) / DAY_MS },
    btc: btc === null ? null : within([spanOf(btc)]),
    funding: input.funding === null ? null : within(fundingSpans(input.funding)),
    detail: detail === null ? null : within([spanOf(detail)]),
    frames: Object.fromEntries(
      FRAMES.map((frame) => {
        const series = frameSeries(input, frame);
        if (series === null) return [frame.name, within([])];
        const full = openTimeMs(series, frameWindow(frame, input.timeframe));
        return [frame.name, within(full > endMs(series) ? [] : [[full, endMs(series) + series.intervalMs]])];
      }),
    ),
  };
}

function spanOf(candles: Candles): Span {
  return [candles.startMs, endMs(candles)];
}

/** A rate is known until the next one is settled, the last as long as the one before it; none longer than its age limit. */
function fundingSpans(funding: FundingRates): Span[] {
  const last = funding.length - 1;
  const usualMs =
    last < 1 ? FUNDING_MAX_AGE_MS : settlementMs(funding, last) - settlementMs(funding, last - 1);
  return Array.from({ length: funding.length }, (_, k) => {
    const settledMs = settlementMs(funding, k);
    const untilMs = k === last ? settledMs + usualMs : settlementMs(funding, k + 1);
    return [settledMs, Math.min(untilMs, settledMs + FUNDING_MAX_AGE_MS)];
  });
}

/** @param spans ascending and apart from each other. */
function covered(spans: readonly Span[], fromMs: number, toMs: number): Covered {
  const inside = spans
    .map(([from, to]): Span => [Math.max(from, fromMs), Math.min(to, toMs)])
    .filter(([from, to]) => from < to);
  const first = inside[0];
  const last = inside.at(-1);
  if (first === undefined || last === undefined) return { fromMs: null, toMs: null, share: 0, days: 0 };
  const known = inside.reduce((sum, [from, to]) => sum + to - from, 0);
  return { fromMs: first[0], toMs: last[1], share: known / (toMs - fromMs), days: known / DAY_MS };
}

/** The first candle that shorter candles of the same time do not fit, and how many of those compared do not. */
export interface Misfit {
  readonly timeMs: number;
  readonly close: number;
  readonly detailClose: number;
  readonly candles: number;
  readonly compared: number;
}

/** Fewer than this share of misfits may be thin trading or another exchange; more is another market. */
const TOLERATED_MISFITS = 0.1;
/** Prices of two exchanges differ by so much, as a fraction. */
const PRICE_TOLERANCE = 0.001;

/**
 * Whether shorter candles are of the same market: the last of them inside a candle must close near that candle's
 * close, nearer than the candle's own range.
 * @returns null when they fit.
 */
export function detailMisfit(candles: Candles, detail: Candles): Misfit | null {
  const ratio = candles.intervalMs / detail.intervalMs;
  let compared = 0;
  let misfits = 0;
  let first: Pick<Misfit, "timeMs" | "close" | "detailClose"> | null = null;
  for (let i = 0; i < candles.length; i++) {
    const k = (openTimeMs(candles, i) - detail.startMs) / detail.intervalMs + ratio - 1;
    if (k < ratio - 1 || k >= detail.length) continue;
    compared++;
    const close = at(candles.close, i);
    const detailClose = at(detail.close, k);
    const range = at(candles.high, i) - at(candles.low, i);
    if (Math.abs(detailClose - close) <= range + close * PRICE_TOLERANCE) continue;
    misfits++;
    first ??= { timeMs: openTimeMs(candles, i), close, detailClose };
  }
  if (first === null || misfits <= compared * TOLERATED_MISFITS) return null;
  return { ...first, candles: misfits, compared };
}
