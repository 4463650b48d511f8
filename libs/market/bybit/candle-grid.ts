import type { Candles } from "#libs/candles/candles.ts";
import { candleProblem, makeCandles } from "#libs/candles/make-candles.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";

/** A stretch of slots that one request fetches: `[firstSlot, endSlot)`. */
export interface Page {
  readonly firstSlot: number;
  readonly endSlot: number;
  /** The first bad row of the latest fetch: which candle, and what is wrong. Null when all rows were good. */
  fault: { readonly slot: number; readonly text: string } | null;
}

/**
 * A range of candles as slots that pages fill in any order. A slot holds at most one candle, so overlap
 * cannot pass unseen, and what was not filled is missing.
 */
export interface CandleGrid {
  readonly intervalMs: number;
  readonly length: number;
  openTimeMs(slot: number): number;
  /**
   * Puts a reply's rows in place of what the page held. Rows of candles that had not closed at
   * `exchangeNowMs` are skipped; the first row that is garbage, repeated or outside the page becomes the
   * page's fault.
   */
  fill(page: Page, rows: readonly unknown[], exchangeNowMs: number): void;
  isFilled(slot: number): boolean;
  /** The first filled slot, or null when there is none. */
  firstFilled(): number | null;
  /** The first empty slot in `[from, to)`, or null when there is none. */
  firstEmpty(from: number, to: number): number | null;
  /** The candles from a slot on, checked by the core's own rules. */
  candlesFrom(slot: number): Candles;
}

export function makeCandleGrid(startMs: number, intervalMs: number, length: number): CandleGrid {
  const filled = new Uint8Array(length);
  const open = new Float64Array(length);
  const high = new Float64Array(length);
  const low = new Float64Array(length);
  const close = new Float64Array(length);
  const volume = new Float64Array(length);

  const openTimeMs = (slot: number): number => startMs + slot * intervalMs;

  /** Null when the row was taken or skipped, else what is wrong with it. */
  function take(page: Page, row: unknown, exchangeNowMs: number): Page["fault"] {
    if (!Array.isArray(row)) {
      return { slot: page.firstSlot, text: `a row is ${shownValue(row, 60)}, not a list` };
    }
    const start: unknown = row[0];
    const timeMs = decimal(start);
    const slot = (timeMs - startMs) / intervalMs;
    if (!Number.isInteger(slot)) {
      return { slot: page.firstSlot, text: `the field start is ${shownValue(start, 60)}: no open time` };
    }
    // Not closed yet: its close is the last price. First of all checks, as the end may lie in the future.
    if (timeMs + intervalMs > exchangeNowMs) return null;
    if (slot < page.firstSlot || slot >= page.endSlot) {
      return { slot: page.firstSlot, text: `the field start is ${timeMs}: outside the range asked for` };
    }
    if (filled[slot] === 1) return { slot, text: "the candle is there twice" };

    const o = decimal(row[1]);
    const h = decimal(row[2]);
    const l = decimal(row[3]);
    const c = decimal(row[4]);
    const v = decimal(row[5]);
    const problem = candleProblem(o, h, l, c, v);
    if (problem !== null) {
      return { slot, text: `${problem}, in the row ${shownValue(row, 200)}` };
    }
    filled[slot] = 1;
    open[slot] = o;
    high[slot] = h;
    low[slot] = l;
    close[slot] = c;
    volume[slot] = v;
    return null;
  }

  return {
    intervalMs,
    length,
    openTimeMs,
    fill(page, rows, exchangeNowMs) {
      filled.fill(0, page.firstSlot, page.endSlot);
      page.fault = null;
      for (const row of rows) {
        page.fault ??= take(page, row, exchangeNowMs);
        if (page.fault !== null) return;
      }
    },
    isFilled: (slot) => filled[slot] === 1,
    firstFilled() {
      const slot = filled.indexOf(1);
      return slot === -1 ? null : slot;
    },
    firstEmpty(from, to) {
      const slot = filled.indexOf(0, from);
      return slot === -1 || slot >= to ? null : slot;
    },
    candlesFrom(slot) {
      return makeCandles(intervalMs, {
        openTimeMs: Float64Array.from({ length: length - slot }, (_, i) => openTimeMs(slot + i)),
        open: open.subarray(slot),
        high: high.subarray(slot),
        low: low.subarray(slot),
        close: close.subarray(slot),
        volume: volume.subarray(slot),
      });
    },
  };
}

/** What `Number` takes and no exchange prints: spaces around, other bases, `Infinity`. */
const NOT_PRINTED = /[^\d.eE+-]/;

/** NaN for what is no printed number: the empty text, which `Number` would read as 0, among them. */
function decimal(value: unknown): number {
  if (typeof value !== "string" || value === "" || NOT_PRINTED.test(value)) return Number.NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : Number.NaN;
}
