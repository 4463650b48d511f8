import { at, CandlePageBuilder } from "../candle-page.ts";
import { accumulate, type Row, startRow } from "../running-row.ts";
import type { CandlePage, DayStatistics, FundingRow } from "../source.ts";
import type { Recording } from "./recording.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** All recordings of one symbol as one series of prices. */
export class RecordedSymbol {
  readonly symbol: string;
  /** Finest interval first. */
  readonly recordings: readonly Recording[];
  readonly fundingRows: readonly FundingRow[];
  /** Of the recording with the most. */
  readonly priceDecimals: number;
  readonly quantityDecimals: number;

  constructor(symbol: string, recordings: readonly Recording[], fundingRows: readonly FundingRow[]) {
    this.symbol = symbol;
    this.recordings = recordings;
    this.fundingRows = fundingRows;
    this.priceDecimals = Math.max(...recordings.map((recording) => recording.priceDecimals));
    this.quantityDecimals = Math.max(...recordings.map((recording) => recording.quantityDecimals));
  }

  /**
   * The tick in units of `priceDecimals`, as the finest recording shows it. Ticks change over the years, so a longer
   * and older recording may have finer prices.
   */
  get tickUnits(): number {
    const [finest] = this.recordings;
    return finest === undefined ? 1 : finest.tickUnits * 10 ** (this.priceDecimals - finest.priceDecimals);
  }

  get firstMs(): number {
    return Math.min(...this.recordings.map((recording) => at(recording.openMs, 0)));
  }

  /** The end of the last recorded candle. */
  get endMs(): number {
    return Math.max(...this.recordings.map(endOf));
  }

  candles(intervalMs: number, fromMs: number, toMs: number, nowMs: number): CandlePage {
    const firstMs = Math.ceil(fromMs / intervalMs) * intervalMs;
    const lastMs = Math.floor(Math.min(toMs, nowMs) / intervalMs) * intervalMs;
    if (lastMs < firstMs) return new CandlePageBuilder(0);
    const page = new CandlePageBuilder((lastMs - firstMs) / intervalMs + 1);
    const recording = this.bestFor(intervalMs, firstMs, lastMs + intervalMs);
    for (let openMs = firstMs; openMs <= lastMs && openMs + intervalMs <= nowMs; openMs += intervalMs) {
      if (recording === null) break;
      const row = wholeCandle(recording, openMs, openMs + intervalMs);
      if (row !== null) this.push(page, recording, openMs, row);
    }
    if (lastMs + intervalMs > nowMs) this.pushRunning(page, intervalMs, lastMs, nowMs);
    return page;
  }

  dayStatistics(nowMs: number): DayStatistics | null {
    const recording = this.finestAt(nowMs);
    if (recording === null) return null;
    const fromMs = nowMs - DAY_MS;
    const scaled = (row: Row) => this.scaled(recording, row);
    let day: Row | null = null;
    let hourOpen: number | null = null;
    for (let i = lowerBound(recording.openMs, recording.length, fromMs); i < recording.length; i++) {
      const openMs = at(recording.openMs, i);
      if (openMs > nowMs) break;
      day ??= startRow(at(recording.open, i));
      if (openMs > nowMs - HOUR_MS) hourOpen ??= at(recording.open, i);
      if (openMs + recording.intervalMs <= nowMs) addRow(day, recording, i);
      else day.close = at(recording.open, i);
    }
    if (day === null) {
      const last = lowerBound(recording.openMs, recording.length, nowMs) - 1;
      if (last < 0) return null;
      const { close } = scaled(startRow(at(recording.close, last)));
      return {
        last: close,
        previous24h: close,
        previous1h: close,
        high: close,
        low: close,
        volume: 0,
        turnover: 0,
      };
    }
    const row = scaled(day);
    return {
      last: row.close,
      previous24h: row.open,
      previous1h: hourOpen === null ? row.close : scaled(startRow(hourOpen)).open,
      high: row.high,
      low: row.low,
      volume: row.volume,
      turnover: row.turnover,
    };
  }

  /**
   * The running candle: whole recorded candles up to now, and only the open of the candle that contains now, because
   * it is the only price of it that is certainly before the clock's time.
   */
  private pushRunning(page: CandlePageBuilder, intervalMs: number, openMs: number, nowMs: number): void {
    for (const recording of this.recordings) {
      if (intervalMs % recording.intervalMs !== 0) continue;
      const baseMs = Math.floor(nowMs / recording.intervalMs) * recording.intervalMs;
      const current = indexOf(recording, baseMs);
      const row = openMs === baseMs ? null : wholeCandle(recording, openMs, baseMs);
      if (current === null || (row === null && openMs !== baseMs)) continue;
      const open = at(recording.open, current);
      const running = row ?? startRow(open);
      accumulate(running, open, open, open, 0, 0);
      this.push(page, recording, openMs, running);
      return;
    }
  }

  private push(page: CandlePageBuilder, recording: Recording, openMs: number, row: Row): void {
    const { open, high, low, close, volume, turnover } = this.scaled(recording, row);
    page.push(openMs, open, high, low, close, volume, turnover);
  }

  /** A row of one file in the units of the symbol, whose files may have different decimals. */
  private scaled(recording: Recording, row: Row): Row {
    const price = 10 ** (this.priceDecimals - recording.priceDecimals);
    return {
      open: row.open * price,
      high: row.high * price,
      low: row.low * price,
      close: row.close * price,
      volume: row.volume * 10 ** (this.quantityDecimals - recording.quantityDecimals),
      turnover: row.turnover,
    };
  }

  /**
   * The recording with the best coverage of the range among those whose interval divides the requested one; ties go to
   * the requested interval, then to the finest.
   */
  private bestFor(intervalMs: number, fromMs: number, toMs: number): Recording | null {
    let best: Recording | null = null;
    let bestCovered = -1;
    for (const recording of this.recordings) {
      if (intervalMs % recording.intervalMs !== 0) continue;
      const from = Math.max(fromMs, at(recording.openMs, 0));
      const covered = Math.max(0, Math.min(toMs, endOf(recording)) - from);
      if (covered > bestCovered || (covered === bestCovered && recording.intervalMs === intervalMs)) {
        best = recording;
        bestCovered = covered;
      }
    }
    return best;
  }

  /** The finest recording that contains the time; else the one that ended last before it. */
  private finestAt(nowMs: number): Recording | null {
    const begun = this.recordings.filter((recording) => at(recording.openMs, 0) <= nowMs);
    const covering = begun.find((recording) => nowMs < endOf(recording));
    return covering ?? begun.sort((a, b) => endOf(b) - endOf(a))[0] ?? null;
  }
}

function endOf(recording: Recording): number {
  return at(recording.openMs, recording.length - 1) + recording.intervalMs;
}

/** `[fromMs, toMs)` as one candle; null if a recorded candle is missing in it: a gap stays a gap. */
function wholeCandle(recording: Recording, fromMs: number, toMs: number): Row | null {
  const count = (toMs - fromMs) / recording.intervalMs;
  const first = indexOf(recording, fromMs);
  if (first === null) return null;
  const last = first + count - 1;
  if (last >= recording.length || at(recording.openMs, last) !== toMs - recording.intervalMs) return null;
  const row = startRow(at(recording.open, first));
  for (let i = first; i <= last; i++) addRow(row, recording, i);
  return row;
}

function addRow(row: Row, recording: Recording, i: number): void {
  accumulate(
    row,
    at(recording.high, i),
    at(recording.low, i),
    at(recording.close, i),
    at(recording.volume, i),
    at(recording.turnover, i),
  );
}

function indexOf(recording: Recording, openMs: number): number | null {
  const index = lowerBound(recording.openMs, recording.length, openMs);
  return index < recording.length && at(recording.openMs, index) === openMs ? index : null;
}

/** The first index whose time is at or after `timeMs`. */
function lowerBound(times: Float64Array, length: number, timeMs: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(times, middle) < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
