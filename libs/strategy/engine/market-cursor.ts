import { at } from "#libs/candles/at.ts";
import type { Candles, FundingRates } from "#libs/candles/candles.ts";
import { type CandleShape, isBearishCandle, isBullishCandle } from "../indicators/candle-shape.ts";
import { ConfluenceZones, type ZoneRule } from "../indicators/confluence-zones.ts";
import { retracement } from "../indicators/fibonacci.ts";
import {
  FUNDING_HEAVY_RATE,
  FUNDING_MAX_AGE_MS,
  type FundingSentiment,
  fundingSentiment,
  settledUntil,
  settlementMs,
} from "../indicators/funding.ts";
import { average5, movingAverage } from "../indicators/moving-average.ts";
import { RollingBand } from "../indicators/rolling-band.ts";
import type { SwingWindow } from "../indicators/swing-window.ts";
import { type TrendDirection, type TrendRule, trendDirection, trendStrength } from "../indicators/trend.ts";
import type { MarketView } from "../market-view.ts";
import type { Gate, TriggerConditions } from "./gate.ts";
import { GateScan } from "./gate-scan.ts";

/** The columns a cursor walks over. */
export interface CursorSource {
  readonly candles: Candles;
  /** One value a candle. */
  readonly rsi: Float64Array;
  readonly btc: Candles | null;
  readonly funding: FundingRates | null;
  /** Fibonacci frames that have candles at all, at most 32. */
  readonly swings: readonly SwingWindow[];
}

/** Zones of one rule, as the legs of a version make them. */
interface KeptZones {
  readonly zones: ConfluenceZones;
  version: number;
}

const NO_NEEDS: TriggerConditions = {
  rise: "nothing",
  riseRsiAtMost: Number.POSITIVE_INFINITY,
  fall: "nothing",
  fallRsiAtLeast: Number.NEGATIVE_INFINITY,
  oversold: "nothing",
  overbought: "nothing",
};

/**
 * The one implementation of `MarketView`, and the only thing that can move it. One object serves a whole
 * backtest: every call site stays monomorphic and a candle costs no allocation. Whatever is expensive (bands,
 * frames, zones) is computed when a strategy asks and kept until the cursor moves.
 */
export class MarketCursor implements MarketView {
  readonly #open: Float64Array;
  readonly #high: Float64Array;
  readonly #low: Float64Array;
  readonly #close: Float64Array;
  readonly #volume: Float64Array;
  readonly #rsi: Float64Array;
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #length: number;
  /** Empty when unknown. */
  readonly #btcClose: Float64Array;
  /** Add to an index of the symbol to get BTC's candle with the same open time. */
  readonly #btcOffset: number;
  readonly #funding: FundingRates | null;
  readonly #swings: readonly SwingWindow[];
  readonly #band: RollingBand;
  #zones = new ConfluenceZones();
  /** Parameter sets that share a rule share its zones, also if others are evaluated in between. */
  readonly #keptZones = new WeakMap<ZoneRule, KeptZones>();
  readonly #gateScan: GateScan;
  #i = 0;
  #swingsAt = -1;
  #present = 0;
  #zoneRule: ZoneRule | null = null;
  /** Counts the changes of the legs that zones are made of. */
  #swingVersion = 0;
  /** The candles `[from, until)` that share the rate. Without a history: all of them, and no rate. */
  #rateFrom = 0;
  #rateUntil = 0;
  #rate = Number.NaN;

  constructor(source: CursorSource) {
    const { candles, btc } = source;
    this.#open = candles.open;
    this.#high = candles.high;
    this.#low = candles.low;
    this.#close = candles.close;
    this.#volume = candles.volume;
    this.#rsi = source.rsi;
    this.#startMs = candles.startMs;
    this.#intervalMs = candles.intervalMs;
    this.#length = candles.length;
    this.#btcClose = btc === null ? new Float64Array(0) : btc.close;
    this.#btcOffset = btc === null ? 0 : (candles.startMs - btc.startMs) / candles.intervalMs;
    this.#funding = source.funding;
    if (source.funding === null) this.#rateUntil = candles.length;
    this.#swings = source.swings;
    this.#band = new RollingBand(candles.close, candles.startMs / candles.intervalMs);
    this.#gateScan = new GateScan({
      ...candles,
      rsi: source.rsi,
      btcClose: this.#btcClose,
      btcOffset: this.#btcOffset,
    });
  }

  /**
   * Puts the cursor on a candle. Strategies get a `MarketView`, which cannot do this.
   * @throws RangeError when there is no such candle.
   */
  moveTo(i: number): void {
    if (!(i >= 0 && i < this.#length)) {
      throw new RangeError(`no candle ${i} in a series of ${this.#length}`);
    }
    this.#i = i;
  }

  /** First candle from `from` on, and before `end`, at which the gate is open; `end` when there is none. */
  seek(from: number, end: number, gate: Gate): number {
    const stop = Math.min(end, this.#length);
    if (!(gate.changeWindow >= 1 && gate.changeWindow <= from)) return from;
    const scan = this.#gateScan;
    for (let i = from; i < stop; i = scan.until) {
      if (!scan.covers(gate, i)) this.#scanFrom(i, stop, gate);
      const open = scan.next(i);
      if (open < scan.until) return Math.min(open, end);
    }
    return end;
  }

  /** What the triggers need depends on the settled rate, so a scan ends where the next one settles. */
  #scanFrom(i: number, end: number, gate: Gate): void {
    if (gate.conditions === undefined) {
      this.#gateScan.scan(i, end, gate, NO_NEEDS);
    } else {
      this.#i = i;
      const conditions = gate.conditions[fundingSentiment(this.#settledRate(), gate.conditions.heavyRate)];
      this.#gateScan.scan(i, Math.min(end, this.#rateUntil), gate, conditions);
    }
  }

  open(back = 0): number {
    return at(this.#open, this.#past(back));
  }

  high(back = 0): number {
    return at(this.#high, this.#past(back));
  }

  low(back = 0): number {
    return at(this.#low, this.#past(back));
  }

  close(back = 0): number {
    return at(this.#close, this.#past(back));
  }

  volume(back = 0): number {
    return at(this.#volume, this.#past(back));
  }

  rsi(back = 0): number {
    return at(this.#rsi, this.#past(back));
  }

  isBullishCandle(shape: CandleShape): boolean {
    const i = this.#i;
    if (i < 1) return false;
    const low = this.#low;
    return isBullishCandle(
      at(this.#open, i),
      at(this.#high, i),
      at(low, i),
      at(this.#close, i),
      at(low, i - 1),
      shape,
    );
  }

  isBearishCandle(shape: CandleShape): boolean {
    const i = this.#i;
    if (i < 1) return false;
    const high = this.#high;
    return isBearishCandle(
      at(this.#open, i),
      at(high, i),
      at(this.#low, i),
      at(this.#close, i),
      at(high, i - 1),
      shape,
    );
  }

  changePercent(window: number): number {
    const i = this.#i;
    if (!(window >= 1 && window <= i + 1)) return Number.NaN;
    return (at(this.#close, i) / at(this.#close, i - window + 1) - 1) * 100;
  }

  ma5(): number {
    return this.#i < 4 ? Number.NaN : average5(this.#close, this.#i);
  }

  ma20(): number {
    this.#band.moveTo(this.#i);
    return this.#band.middle;
  }

  bandLower(): number {
    this.#band.moveTo(this.#i);
    return this.#band.middle - this.#band.half;
  }

  bandUpper(): number {
    this.#band.moveTo(this.#i);
    return this.#band.middle + this.#band.half;
  }

  bandWidthPercent(): number {
    const lower = this.bandLower();
    return ((this.bandUpper() - lower) / this.#band.middle) * 100;
  }

  percentB(): number {
    const lower = this.bandLower();
    const width = this.bandUpper() - lower;
    return width > 0 ? (at(this.#close, this.#i) - lower) / width : Number.NaN;
  }

  coinTrend(rule: TrendRule): TrendDirection {
    const change = this.changePercent(rule.window);
    // The averages are only worth computing when the change is large enough.
    if (!(Math.abs(change) > rule.thresholdPercent)) return "SIDEWAYS";
    return trendDirection(this.ma5(), this.ma20(), change, rule.thresholdPercent);
  }

  coinTrendStrength(rule: TrendRule): number {
    const change = this.changePercent(rule.window);
    return trendStrength(this.coinTrend(rule), this.ma5(), this.ma20(), change, rule.weight);
  }

  btcTrend(rule: TrendRule): TrendDirection {
    if (this.btcTrends("UP", rule)) return "UP";
    return this.btcTrends("DOWN", rule) ? "DOWN" : "SIDEWAYS";
  }

  btcTrends(direction: "UP" | "DOWN", rule: TrendRule): boolean {
    // The averages are only worth computing when the change is large enough and in the right direction.
    const change = this.btcChangePercent(rule);
    if (direction === "UP" ? change > rule.thresholdPercent : change < -rule.thresholdPercent) {
      return this.#btcDirection(change, rule) === direction;
    }
    return false;
  }

  btcTrendStrength(rule: TrendRule): number {
    const j = this.#btcIndex(rule.window);
    if (j < 0) return 0;
    const ma5 = average5(this.#btcClose, j);
    const ma20 = movingAverage(this.#btcClose, j, 20);
    const change = this.btcChangePercent(rule);
    return trendStrength(this.#btcDirection(change, rule), ma5, ma20, change, rule.weight);
  }

  btcChangePercent(rule: TrendRule): number {
    const j = this.#btcIndex(rule.window);
    if (j < 0) return 0;
    return (at(this.#btcClose, j) / at(this.#btcClose, j - rule.window + 1) - 1) * 100;
  }

  fundingRate(): number | null {
    const rate = this.#settledRate();
    return Number.isNaN(rate) ? null : rate;
  }

  fundingSentiment(heavyRate: number = FUNDING_HEAVY_RATE): FundingSentiment {
    return fundingSentiment(this.#settledRate(), heavyRate);
  }

  frameCount(): number {
    this.#moveSwings();
    return this.#present;
  }

  framesNearLevel(ratios: readonly number[], tolerance: number): number {
    this.#moveSwings();
    const close = at(this.#close, this.#i);
    let frames = 0;
    for (const swing of this.#swings) {
      if (!swing.present) continue;
      for (const ratio of ratios) {
        const level = retracement(swing.high, swing.low, swing.up, ratio);
        if (Math.abs(close - level) / close <= tolerance) {
          frames++;
          break;
        }
      }
    }
    return frames;
  }

  support(rule: ZoneRule): number {
    this.#moveZones(rule);
    return this.#zones.below(at(this.#close, this.#i));
  }

  resistance(rule: ZoneRule): number {
    this.#moveZones(rule);
    return this.#zones.above(at(this.#close, this.#i));
  }

  supportDistancePercent(rule: ZoneRule): number {
    return this.#distancePercent(this.support(rule));
  }

  resistanceDistancePercent(rule: ZoneRule): number {
    return this.#distancePercent(this.resistance(rule));
  }

  #distancePercent(zone: number): number {
    if (Number.isNaN(zone)) return Number.POSITIVE_INFINITY;
    const close = at(this.#close, this.#i);
    return (Math.abs(close - zone) / close) * 100;
  }

  #closedAtMs(): number {
    return this.#startMs + (this.#i + 1) * this.#intervalMs;
  }

  #past(back: number): number {
    const i = this.#i - back;
    if (!(back >= 0 && i >= 0)) throw new RangeError(`no candle ${back} back from candle ${this.#i}`);
    return i;
  }

  /** BTC's candle with the same open time; -1 without it, or without a window: one below 1 lies in the future. */
  #btcIndex(window: number): number {
    const j = this.#i + this.#btcOffset;
    return window >= 1 && j >= window - 1 && j >= 19 && j < this.#btcClose.length ? j : -1;
  }

  #btcDirection(change: number, rule: TrendRule): TrendDirection {
    const j = this.#btcIndex(rule.window);
    if (j < 0) return "SIDEWAYS";
    const ma5 = average5(this.#btcClose, j);
    const ma20 = movingAverage(this.#btcClose, j, 20);
    return trendDirection(ma5, ma20, change, rule.thresholdPercent);
  }

  /** The rate last settled when the candle closed, NaN when unknown or too old. Searched once a settlement. */
  #settledRate(): number {
    if (this.#i < this.#rateFrom || this.#i >= this.#rateUntil) this.#findRate();
    return this.#rate;
  }

  #findRate(): void {
    const funding = this.#funding;
    if (funding === null) return;
    const closedAtMs = this.#closedAtMs();
    const settled = settledUntil(funding, closedAtMs);
    this.#rate = settled === 0 ? Number.NaN : at(funding.rate, settled - 1);
    this.#rateFrom = settled === 0 ? 0 : this.#firstClosedAt(settlementMs(funding, settled - 1));
    this.#rateUntil =
      settled === funding.length ? this.#length : this.#firstClosedAt(settlementMs(funding, settled));
    if (settled === 0) return;
    const tooOldFrom = this.#firstClosedAt(settlementMs(funding, settled - 1) + FUNDING_MAX_AGE_MS + 1);
    if (this.#i < tooOldFrom) {
      this.#rateUntil = Math.min(this.#rateUntil, tooOldFrom);
    } else {
      this.#rate = Number.NaN;
      this.#rateFrom = tooOldFrom;
    }
  }

  /** Candle k closes at start + (k + 1) * interval: the first one that has closed at a moment. */
  #firstClosedAt(timeMs: number): number {
    return Math.ceil((timeMs - this.#startMs) / this.#intervalMs) - 1;
  }

  #moveSwings(): void {
    if (this.#swingsAt === this.#i) return;
    this.#swingsAt = this.#i;
    const closedAtMs = this.#closedAtMs();
    let changed = false;
    let present = 0;
    for (const swing of this.#swings) {
      if (swing.moveTo(closedAtMs)) changed = true;
      if (swing.present) present++;
    }
    this.#present = present;
    if (!changed) return;
    this.#zoneRule = null;
    this.#swingVersion++;
  }

  #moveZones(rule: ZoneRule): void {
    this.#moveSwings();
    if (this.#zoneRule === rule) return;
    this.#zoneRule = rule;
    let kept = this.#keptZones.get(rule);
    if (kept === undefined) {
      kept = { zones: new ConfluenceZones(), version: -1 };
      this.#keptZones.set(rule, kept);
    }
    this.#zones = kept.zones;
    if (kept.version === this.#swingVersion) return;
    kept.version = this.#swingVersion;
    kept.zones.rebuild(this.#swings, rule);
  }
}
