import type { CandleShape } from "#libs/strategy/indicators/candle-shape.ts";
import type { ZoneRule } from "#libs/strategy/indicators/confluence-zones.ts";
import type { FundingSentiment } from "#libs/strategy/indicators/funding.ts";
import type { TrendDirection, TrendRule } from "#libs/strategy/indicators/trend.ts";
import type { MarketView } from "#libs/strategy/market-view.ts";

export type AnswerValue = number | string | boolean | null;

/** One question of a strategy and the market's answer. */
export interface Answer {
  /** The question as written in code: `rsi(1)`. */
  readonly question: string;
  readonly value: AnswerValue;
  /** What it is measured in, which may be changed for the whole market; null for a ratio or a word. */
  readonly unit: Unit | null;
}

export type Unit = "price" | "volume";

/**
 * A market view that notes what a strategy asks it, so that a decision that changes can be traced to its cause. It is
 * frozen: who tries to change a view fails, while in a backtest, where one view serves all candles, it would succeed.
 */
export class RecordingView implements MarketView {
  readonly #view: MarketView;
  #questionAhead: string | null = null;
  readonly answers: Answer[] = [];

  constructor(view: MarketView) {
    this.#view = view;
    Object.freeze(this);
  }

  /** The first read of a candle that had not closed, which no view allows; null if there was none. */
  get questionAhead(): string | null {
    return this.#questionAhead;
  }

  open(back = 0): number {
    return this.#price(this.#asked("open", back), this.#view.open(back));
  }

  high(back = 0): number {
    return this.#price(this.#asked("high", back), this.#view.high(back));
  }

  low(back = 0): number {
    return this.#price(this.#asked("low", back), this.#view.low(back));
  }

  close(back = 0): number {
    return this.#price(this.#asked("close", back), this.#view.close(back));
  }

  volume(back = 0): number {
    const question = this.#asked("volume", back);
    const value = this.#view.volume(back);
    this.answers.push({ question, value, unit: "volume" });
    return value;
  }

  isBullishCandle(shape: CandleShape): boolean {
    return this.#plain("isBullishCandle()", this.#view.isBullishCandle(shape));
  }

  isBearishCandle(shape: CandleShape): boolean {
    return this.#plain("isBearishCandle()", this.#view.isBearishCandle(shape));
  }

  changePercent(window: number): number {
    return this.#plain(`changePercent(${window})`, this.#view.changePercent(window));
  }

  ma5(): number {
    return this.#price("ma5()", this.#view.ma5());
  }

  ma20(): number {
    return this.#price("ma20()", this.#view.ma20());
  }

  bandLower(): number {
    return this.#price("bandLower()", this.#view.bandLower());
  }

  bandUpper(): number {
    return this.#price("bandUpper()", this.#view.bandUpper());
  }

  bandWidthPercent(): number {
    return this.#plain("bandWidthPercent()", this.#view.bandWidthPercent());
  }

  percentB(): number {
    return this.#plain("percentB()", this.#view.percentB());
  }

  rsi(back = 0): number {
    return this.#plain(this.#asked("rsi", back), this.#view.rsi(back));
  }

  coinTrend(rule: TrendRule): TrendDirection {
    return this.#plain("coinTrend()", this.#view.coinTrend(rule));
  }

  coinTrendStrength(rule: TrendRule): number {
    return this.#plain("coinTrendStrength()", this.#view.coinTrendStrength(rule));
  }

  btcTrend(rule: TrendRule): TrendDirection {
    return this.#plain("btcTrend()", this.#view.btcTrend(rule));
  }

  btcTrends(direction: "UP" | "DOWN", rule: TrendRule): boolean {
    return this.#plain(`btcTrends("${direction}")`, this.#view.btcTrends(direction, rule));
  }

  btcTrendStrength(rule: TrendRule): number {
    return this.#plain("btcTrendStrength()", this.#view.btcTrendStrength(rule));
  }

  btcChangePercent(rule: TrendRule): number {
    return this.#plain("btcChangePercent()", this.#view.btcChangePercent(rule));
  }

  fundingRate(): number | null {
    return this.#plain("fundingRate()", this.#view.fundingRate());
  }

  fundingSentiment(heavyRate?: number): FundingSentiment {
    return this.#plain("fundingSentiment()", this.#view.fundingSentiment(heavyRate));
  }

  frameCount(): number {
    return this.#plain("frameCount()", this.#view.frameCount());
  }

  framesNearLevel(ratios: readonly number[], tolerance: number): number {
    return this.#plain("framesNearLevel()", this.#view.framesNearLevel(ratios, tolerance));
  }

  support(rule: ZoneRule): number {
    return this.#price("support()", this.#view.support(rule));
  }

  resistance(rule: ZoneRule): number {
    return this.#price("resistance()", this.#view.resistance(rule));
  }

  supportDistancePercent(rule: ZoneRule): number {
    return this.#plain("supportDistancePercent()", this.#view.supportDistancePercent(rule));
  }

  resistanceDistancePercent(rule: ZoneRule): number {
    return this.#plain("resistanceDistancePercent()", this.#view.resistanceDistancePercent(rule));
  }

  #asked(name: string, back: number): string {
    const question = called(name, back);
    if (back < 0) this.#questionAhead ??= question;
    return question;
  }

  #plain<T extends AnswerValue>(question: string, value: T): T {
    this.answers.push({ question, value, unit: null });
    return value;
  }

  #price(question: string, value: number): number {
    this.answers.push({ question, value, unit: "price" });
    return value;
  }
}

function called(name: string, back: number): string {
  return back === 0 ? `${name}()` : `${name}(${back})`;
}
