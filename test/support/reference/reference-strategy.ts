import type { Candles } from "#libs/candles/candles.ts";
import type { StudyInput } from "#libs/strategy/study.ts";

/**
 * The strategy rules written a second time, plainly and slowly, as the rule book states them: every window is
 * sliced and computed from the beginning, every condition is evaluated. Shares no code with the engine.
 */

interface Row {
  t: number;
  o: number;
  h: number;
  l: number;
  c: number;
}

export type ReferenceDecision = { side: "LONG" | "SHORT"; confidence: number } | null;

const FRAMES = [
  [5, 1],
  [15, 2],
  [30, 5],
  [240, 7],
  [1440, 30],
] as const;
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

export class Reference {
  readonly #rows: Row[];
  readonly #btc: Row[];
  readonly #btcAt: ReadonlyMap<number, number>;
  readonly #rsi: (number | null)[];
  readonly #input: StudyInput;
  readonly #tf: number;
  #remembered: { i: number; swings: Swing[] } = { i: -1, swings: [] };

  constructor(input: StudyInput) {
    this.#input = input;
    this.#tf = input.candles.intervalMs;
    this.#rows = rowsOf(input.candles);
    this.#btc = input.symbol === "BTCUSDT" ? this.#rows : input.btc === null ? [] : rowsOf(input.btc);
    this.#btcAt = new Map(this.#btc.map((row, j) => [row.t, j]));
    this.#rsi = wilder(this.#rows.map((row) => row.c));
  }

  basic(i: number): ReferenceDecision {
    if (i < 60) return null;
    return this.#basicSide(i, true) ?? this.#basicSide(i, false);
  }

  advanced(i: number): ReferenceDecision {
    if (i < 60) return null;
    const swings = this.#swings(i);
    if (swings.length < 2) return null;
    const close = this.#row(i).c;
    const zones = zonesOf(swings).filter((zone) => zone.frames >= 2);
    const below = zones.filter((zone) => zone.price < close).map((zone) => zone.price);
    const above = zones.filter((zone) => zone.price > close).map((zone) => zone.price);
    const support = below.length === 0 ? Infinity : ((close - Math.max(...below)) / close) * 100;
    const resistance = above.length === 0 ? Infinity : ((Math.min(...above) - close) / close) * 100;
    const coin = this.#coin(i);
    const btc = this.#btcTrend(i);
    const rsi = this.#rsi[i] ?? Number.NaN;
    const funding = this.#funding(i);
    const band = this.#band(i);
    const percentB = band.upper > band.lower ? (close - band.lower) / (band.upper - band.lower) : null;
    const btcUp = (limit: number) => btc.direction === "UP" && btc.strength > limit;
    const btcDown = (limit: number) => btc.direction === "DOWN" && btc.strength > limit;

    if (coin === "DOWN" && support > 1 && !btcUp(60) && rsi >= 30) {
      const score =
        55 +
        (btc.direction === "DOWN" ? 20 : 10) +
        (funding === "LONG_HEAVY" ? 15 : funding === "SHORT_HEAVY" ? -10 : 0) +
        (rsi > 50 ? 10 : 0);
      if (score >= 80) return { side: "SHORT", confidence: Math.min(100, score) };
    }
    if (coin === "UP" && resistance > 1 && !btcDown(60) && rsi <= 70) {
      const score =
        55 +
        (btc.direction === "UP" ? 20 : 10) +
        (funding === "SHORT_HEAVY" ? 15 : funding === "LONG_HEAVY" ? -10 : 0) +
        (rsi < 50 ? 10 : 0);
      if (score >= 80) return { side: "LONG", confidence: Math.min(100, score) };
    }
    if (support <= 1 && rsi <= 35 && percentB !== null && percentB <= 0.2 && !btcDown(70)) {
      const score = 75 + (btc.direction === "UP" ? 15 : 5) + (funding === "SHORT_HEAVY" ? 10 : 0);
      if (score >= 85) return { side: "LONG", confidence: Math.min(100, score) };
    }
    if (resistance <= 1 && rsi >= 65 && percentB !== null && percentB >= 0.8 && !btcUp(70)) {
      const score = 75 + (btc.direction === "DOWN" ? 15 : 5) + (funding === "LONG_HEAVY" ? 10 : 0);
      if (score >= 85) return { side: "SHORT", confidence: Math.min(100, score) };
    }
    return null;
  }

  #row(i: number): Row {
    const row = this.#rows[i];
    if (row === undefined) throw new RangeError(`no row ${i}`);
    return row;
  }

  #basicSide(i: number, long: boolean): ReferenceDecision {
    const { o, h, l, c } = this.#row(i);
    const before = this.#row(i - 1);
    const band = this.#band(i);
    const width = ((band.upper - band.lower) / band.middle) * 100;
    const one = width > 1.5 && (long ? c <= band.lower * 1.015 : c >= band.upper * 0.985);

    const rsi = this.#rsi[i] ?? Number.NaN;
    const rsiBefore = this.#rsi[i - 1] ?? Number.NaN;
    const turning = long ? rsi < 35 && rsi > rsiBefore : rsi > 65 && rsi < rsiBefore;
    const near = this.#swings(i).filter((swing) =>
      [0.382, 0.5, 0.618, 0.786].some((ratio) => Math.abs(c - levelOf(swing, ratio)) / c <= 0.005),
    ).length;
    const two = near > 0 || turning;

    const ma5 = mean(this.#closes(i, 5));
    const ma20 = mean(this.#closes(i, 20));
    const three = long ? ma5 > ma20 : ma5 < ma20;

    const body = Math.abs(c - o);
    const lowerShadow = Math.min(o, c) - l;
    const upperShadow = h - Math.max(o, c);
    const four = long
      ? (c > o && (c - o) / o > 0.002 && c > before.l) || (lowerShadow > 2 * body && upperShadow < 0.5 * body)
      : (c < o && (o - c) / o > 0.002 && c < before.h) ||
        (upperShadow > 2 * body && lowerShadow < 0.5 * body);

    const btc = this.#btcTrend(i);
    const against = btc.direction === (long ? "DOWN" : "UP") && btc.strength > 60;
    const five = this.#coin(i) === (long ? "UP" : "DOWN") && !against;

    if (!(one && two && three && four && five)) return null;
    return {
      side: long ? "LONG" : "SHORT",
      confidence: 60 + 5 * Math.min(near, 4) + (turning ? 10 : 0),
    };
  }

  #closes(i: number, count: number): number[] {
    return this.#rows.slice(i - count + 1, i + 1).map((row) => row.c);
  }

  #band(i: number): { lower: number; middle: number; upper: number } {
    const closes = this.#closes(i, 20);
    const middle = mean(closes);
    const sigma = Math.sqrt(mean(closes.map((close) => (close - middle) ** 2)));
    return { lower: middle - 2 * sigma, middle, upper: middle + 2 * sigma };
  }

  #coin(i: number): string {
    return trend(this.#closes(i, 30), 30, 0.5, 5).direction;
  }

  #btcTrend(i: number): { direction: string; strength: number } {
    const j = this.#btcAt.get(this.#row(i).t) ?? -1;
    if (j < 59) return { direction: "SIDEWAYS", strength: 0 };
    return trend(
      this.#btc.slice(j - 59, j + 1).map((row) => row.c),
      60,
      0.3,
      10,
    );
  }

  #funding(i: number): string {
    const closedAt = this.#row(i).t + this.#tf;
    const { funding } = this.#input;
    if (funding === null) return "NEUTRAL";
    const known = [...funding.rate].filter((_, k) => onTheMinute(funding.timeMs[k] ?? Infinity) <= closedAt);
    const rate = known.at(-1);
    if (rate === undefined) return "NEUTRAL";
    return rate > 0.0001 ? "LONG_HEAVY" : rate < -0.0001 ? "SHORT_HEAVY" : "NEUTRAL";
  }

  #swings(i: number): Swing[] {
    if (this.#remembered.i !== i) this.#remembered = { i, swings: this.#findSwings(i) };
    return this.#remembered.swings;
  }

  #findSwings(i: number): Swing[] {
    const closedAt = this.#row(i).t + this.#tf;
    const swings: Swing[] = [];
    for (const [frameMinutes, days] of FRAMES) {
      const interval = Math.max(frameMinutes * MINUTE, this.#tf);
      const size = (days * DAY) / interval;
      const series = interval === this.#tf ? this.#input.candles : this.#input.frameCandles.get(interval);
      if (series === undefined) continue;
      const limit = Math.floor(closedAt / interval) * interval;
      const rows = rowsBetween(series, limit - size * interval, limit);
      if (rows.length < size) continue;
      const high = Math.max(...rows.map((row) => row.h));
      const low = Math.min(...rows.map((row) => row.l));
      const highAt = rows.findLastIndex((row) => row.h === high);
      const lowAt = rows.findLastIndex((row) => row.l === low);
      const both = rows[highAt];
      const up = highAt === lowAt ? both !== undefined && both.c >= both.o : highAt > lowAt;
      swings.push({ high, low, up });
    }
    return swings;
  }
}

interface Swing {
  high: number;
  low: number;
  up: boolean;
}

function levelOf({ high, low, up }: Swing, ratio: number): number {
  if (ratio === 1) return up ? low : high;
  return up ? high - ratio * (high - low) : low + ratio * (high - low);
}

export function zonesOf(swings: readonly Swing[]): { price: number; frames: number }[] {
  let left = swings
    .flatMap((swing, frame) =>
      [0, 0.236, 0.382, 0.5, 0.618, 0.786, 1].map((ratio) => ({ price: levelOf(swing, ratio), frame })),
    )
    .sort((a, b) => a.price - b.price);
  const zones: { price: number; frames: number }[] = [];
  while (left[0] !== undefined) {
    const lowest = left[0].price;
    const limit = lowest * 1.003;
    const taken = left.filter((level) => level.price <= limit);
    left = left.filter((level) => level.price > limit);
    const prices = taken.map((level) => level.price);
    zones.push({
      price: new Set(prices).size === 1 ? lowest : mean(prices),
      frames: new Set(taken.map((level) => level.frame)).size,
    });
  }
  return zones;
}

function trend(closes: number[], window: number, threshold: number, weight: number) {
  const last = closes.at(-1) ?? Number.NaN;
  const change = (last / (closes.at(-window) ?? Number.NaN) - 1) * 100;
  const ma5 = mean(closes.slice(-5));
  const ma20 = mean(closes.slice(-20));
  const spread = ((ma5 - ma20) / ma20) * 100;
  const strength = Math.min(100, Math.abs(spread) * 50 + Math.abs(change) * weight);
  if (ma5 > ma20 && change > threshold) return { direction: "UP", strength };
  if (ma5 < ma20 && change < -threshold) return { direction: "DOWN", strength };
  return { direction: "SIDEWAYS", strength: 50 - Math.min(50, Math.abs(spread) * 25) };
}

function wilder(closes: readonly number[]): (number | null)[] {
  const result: (number | null)[] = [];
  let gain = 0;
  let loss = 0;
  closes.forEach((close, i) => {
    const change = i === 0 ? 0 : close - (closes[i - 1] ?? Number.NaN);
    const up = Math.max(change, 0);
    const down = Math.max(-change, 0);
    if (i <= 14) {
      gain += up / 14;
      loss += down / 14;
    } else {
      gain = (gain * 13 + up) / 14;
      loss = (loss * 13 + down) / 14;
    }
    if (i < 14) result.push(null);
    else if (gain === 0 && loss === 0) result.push(50);
    else if (loss === 0) result.push(100);
    // An unchanged close leaves the ratio as it was, whatever rounding makes of it.
    else if (i > 14 && change === 0) result.push(result[i - 1] ?? null);
    else result.push(100 - 100 / (1 + gain / loss));
  });
  return result;
}

/** A settlement that is off a minute by less than a second is a moment on that minute. */
export function onTheMinute(timeMs: number): number {
  const over = timeMs % MINUTE;
  if (over < 1000) return timeMs - over;
  return MINUTE - over < 1000 ? timeMs - over + MINUTE : timeMs;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rowsOf(candles: Candles): Row[] {
  return rowsBetween(candles, -Infinity, Infinity);
}

function rowsBetween(candles: Candles, fromMs: number, toMs: number): Row[] {
  const first = Math.max(0, Math.ceil((fromMs - candles.startMs) / candles.intervalMs));
  const end = Math.min(candles.length, Math.floor((toMs - candles.startMs) / candles.intervalMs));
  const value = (column: Float64Array, i: number) => column[i] ?? Number.NaN;
  const rows: Row[] = [];
  if (fromMs > -Infinity && fromMs < candles.startMs) return rows;
  for (let i = first; i < end; i++) {
    rows.push({
      t: candles.startMs + i * candles.intervalMs,
      o: value(candles.open, i),
      h: value(candles.high, i),
      l: value(candles.low, i),
      c: value(candles.close, i),
    });
  }
  return rows;
}
