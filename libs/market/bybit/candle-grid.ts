import { at } from "#libs/candles/at.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { candleProblem, makeCandles } from "#libs/candles/make-candles.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
import type { CandleRow } from "../candle-recorder.ts";

/** A range of slots that one request fetches: `[firstSlot, endSlot)`. */
export interface Page {
  readonly firstSlot: number;
  readonly endSlot: number;
  /** The first invalid row of the latest fetch: its candle and the problem. Null if all rows were valid. */
  fault: { readonly slot: number; readonly text: string } | null;
}

/**
 * A range of candles as slots that pages fill in any order. A slot holds at most one candle, so overlaps are detected,
 * and empty slots are missing candles.
 */
export interface CandleGrid {
  readonly intervalMs: number;
  readonly length: number;
  openTimeMs(slot: number): number;
  /**
   * Replaces the page's content with a response's rows. Rows of candles that had not closed at `exchangeNowMs` are
   * skipped; the first row that is invalid, repeated or outside the page becomes the page's fault.
   */
  fill(page: Page, rows: readonly unknown[], exchangeNowMs: number): void;
  isFilled(slot: number): boolean;
  /** The first filled slot, or null if there is none. */
  firstFilled(): number | null;
  /** The first empty slot in `[from, to)`, or null if there is none. */
  firstEmpty(from: number, to: number): number | null;
  /** The candles from a slot on, validated by the core's rules. */
  candlesFrom(slot: number): Candles;
  /** All filled slots in order of time; empty slots are gaps. */
  rows(): CandleRow[];
}

export function makeCandleGrid(startMs: number, intervalMs: number, length: number): CandleGrid {
  const filled = new Uint8Array(length);
  const open = new Float64Array(length);
  const high = new Float64Array(length);
  const low = new Float64Array(length);
  const close = new Float64Array(length);
  const volume = new Float64Array(length);
  const turnover = new Float64Array(length);

  const openTimeMs = (slot: number): number => startMs + slot * intervalMs;

  /** Null if the row was stored or skipped, else the problem. */
  function take(page: Page, row: unknown, exchangeNowMs: number): Page["fault"] {
    if (!Array.isArray(row)) {
      return { slot: page.firstSlot, text: `a row is ${shownValue(row, 60)}, expected an array` };
    }
    const start: unknown = row[0];
    const timeMs = decimal(start);
    const slot = (timeMs - startMs) / intervalMs;
    if (!Number.isInteger(slot)) {
      return {
        slot: page.firstSlot,
        text: `the field start is ${shownValue(start, 60)}: expected an open time`,
      };
    }
    // Not closed yet: its close is the last price. This is the first check, because the end may lie in the future.
    if (timeMs + intervalMs > exchangeNowMs) return null;
    if (slot < page.firstSlot || slot >= page.endSlot) {
      return { slot: page.firstSlot, text: `the field start is ${timeMs}: outside the requested range` };
    }
    if (filled[slot] === 1) return { slot, text: "duplicate candle" };

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
    turnover[slot] = decimal(row[6]);
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
    rows() {
      const rows: CandleRow[] = [];
      for (let slot = filled.indexOf(1); slot !== -1; slot = filled.indexOf(1, slot + 1)) {
        const inQuote = at(turnover, slot);
        rows.push({
          openTimeMs: openTimeMs(slot),
          open: at(open, slot),
          high: at(high, slot),
          low: at(low, slot),
          close: at(close, slot),
          volume: at(volume, slot),
          turnover: inQuote >= 0 ? inQuote : null,
        });
      }
      return rows;
    },
  };
}

/** What `Number` accepts and no exchange sends: surrounding spaces, other bases, `Infinity`. */
const NOT_PRINTED = /[^\d.eE+-]/;

/** NaN for anything but a decimal number, including the empty string, which `Number` would parse as 0. */
function decimal(value: unknown): number {
  if (typeof value !== "string" || value === "" || NOT_PRINTED.test(value)) return Number.NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : Number.NaN;
}
