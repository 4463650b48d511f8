import type { Candles, FundingRates } from "#libs/candles/candles.ts";
import { type Timeframe, timeframeMs } from "#libs/candles/timeframe.ts";
import type { Gate } from "./engine/gate.ts";
import { MarketCursor } from "./engine/market-cursor.ts";
import { effectiveIntervalMs, FRAMES, type Frame, frameWindow } from "./frames.ts";
import { wilderRsi } from "./indicators/rsi.ts";
import { SwingWindow } from "./indicators/swing-window.ts";
import type { MarketView } from "./market-view.ts";

/** The symbol that stands for the market; for itself it is its own series. */
export const BTC_SYMBOL = "BTCUSDT";

/** Everything a decision may rest on, closed candles only. */
export interface StudyInput {
  readonly symbol: string;
  readonly timeframe: Timeframe;
  /** The symbol in this timeframe. */
  readonly candles: Candles;
  /**
   * Candles of the Fibonacci frames by their interval in ms (see `frameIntervals`), each from far enough back
   * for its window. The timeframe's own interval need not be there: `candles` serves it. An interval that is
   * missing makes its frames absent.
   */
  readonly frameCandles: ReadonlyMap<number, Candles>;
  /** BTCUSDT in this timeframe, or null when unknown. Ignored for BTCUSDT itself. */
  readonly btc: Candles | null;
  /** Settled rates of the symbol, or null when unknown. */
  readonly funding: FundingRates | null;
}

/** A market made ready for decisions: see `decide`. It has one cursor, so use it from one place at a time. */
export class Study {
  readonly input: StudyInput;
  readonly #cursor: MarketCursor;

  constructor(input: StudyInput, cursor: MarketCursor) {
    this.input = input;
    this.#cursor = cursor;
  }

  /**
   * The market as it was when candle `i` had closed. The same object each time: it is valid until the next call.
   * @throws RangeError when there is no such candle.
   */
  at(i: number): MarketView {
    this.#cursor.moveTo(i);
    return this.#cursor;
  }

  /** First candle from `from` on, and before `end`, at which the gate is open; `end` when there is none. */
  seek(from: number, end: number, gate: Gate): number {
    return this.#cursor.seek(from, end, gate);
  }
}

/**
 * @throws RangeError when candles are of another interval than they are given for: a mistake of the caller.
 */
export function makeStudy(input: StudyInput): Study {
  const { candles, funding } = input;
  const intervalMs = timeframeMs(input.timeframe);
  assertInterval(candles, intervalMs, input.symbol);
  const btc = input.symbol === BTC_SYMBOL ? candles : input.btc;
  if (btc !== null) assertInterval(btc, intervalMs, BTC_SYMBOL);
  const swings: SwingWindow[] = [];
  for (const frame of FRAMES) {
    const series = frameSeries(input, frame);
    if (series !== null) swings.push(new SwingWindow(series, frameWindow(frame, input.timeframe)));
  }
  return new Study(input, new MarketCursor({ candles, rsi: wilderRsi(candles.close), btc, funding, swings }));
}

/** The candles a frame is read in, or null when the input has none of its interval. */
export function frameSeries(input: StudyInput, frame: Frame): Candles | null {
  const intervalMs = effectiveIntervalMs(frame, input.timeframe);
  if (intervalMs === input.candles.intervalMs) return input.candles;
  const candles = input.frameCandles.get(intervalMs) ?? null;
  if (candles !== null) assertInterval(candles, intervalMs, `frame ${frame.name}`);
  return candles;
}

function assertInterval(candles: Candles, intervalMs: number, what: string): void {
  if (candles.intervalMs !== intervalMs) {
    throw new RangeError(`${what} requires ${intervalMs} ms candles, got ${candles.intervalMs} ms`);
  }
}
