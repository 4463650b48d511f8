import { inferTickSize } from "#libs/candles/infer-tick.ts";
import type { CandleTable } from "#libs/recordings/candle-table.ts";

/** The candles of one file, ascending, gaps possible. Prices and volumes are whole units of its decimals. */
export interface Recording {
  readonly file: string;
  readonly intervalMs: number;
  readonly length: number;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  /** In units of `priceDecimals`: what most prices are multiples of. */
  readonly tickUnits: number;
  readonly openMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** In ten-thousandths of the quote coin. Where the file has none: volume times close. */
  readonly turnover: Float64Array;
}

/** Numbers with more digits are computed ones, and say nothing about what an exchange prints. */
const MOST_DIGITS = 12;
/** Decimals that fewer of the numbers have are noise. */
const LEAST_SHARE = 0.005;
/** Numbers that are looked at, spread evenly. */
const SAMPLE = 40_000;
const TURNOVER_UNITS = 10_000;

/** Puts candles in whole units, in place: single numbers with more decimals than the others have are rounded. */
export function recordingOf(file: string, table: CandleTable): Recording {
  const { intervalMs, length, openTimeMs, open, high, low, close, volume, turnover } = table;
  const priceDecimals = decimalsOf([open, high, low, close]);
  const quantityDecimals = decimalsOf([volume]);
  const tick = Number(inferTickSize(table) ?? 0);
  for (let i = 0; i < length; i++) {
    if (Number.isNaN(turnover[i])) turnover[i] = (volume[i] ?? 0) * (close[i] ?? 0);
  }
  for (const column of [open, high, low, close]) toUnits(column, 10 ** priceDecimals, 1);
  toUnits(volume, 10 ** quantityDecimals, 0);
  toUnits(turnover, TURNOVER_UNITS, 0);
  return {
    file,
    intervalMs,
    length,
    priceDecimals,
    quantityDecimals,
    tickUnits: Math.max(1, Math.round(tick * 10 ** priceDecimals)),
    openMs: openTimeMs,
    open,
    high,
    low,
    close,
    volume,
    turnover,
  };
}

/** The decimals that the numbers have, so that the largest is still a whole number of units. */
function decimalsOf(columns: readonly Float64Array[]): number {
  const counts = new Map<number, number>();
  let total = 0;
  let largest = 0;
  for (const column of columns) {
    const stride = Math.max(1, Math.ceil((columns.length * column.length) / SAMPLE));
    for (let i = 0; i < column.length; i++) largest = Math.max(largest, column[i] ?? 0);
    for (let i = 0; i < column.length; i += stride) {
      const { decimals, digits } = shownDigits(column[i] ?? 0);
      if (digits > MOST_DIGITS) continue;
      counts.set(decimals, (counts.get(decimals) ?? 0) + 1);
      total++;
    }
  }
  const common = [...counts]
    .filter(([, count]) => count >= total * LEAST_SHARE)
    .map(([decimals]) => decimals);
  const magnitude = largest > 0 ? Math.floor(Math.log10(largest)) : 0;
  const usual = common.length > 0 ? Math.max(...common) : MOST_DIGITS - magnitude;
  return Math.max(0, Math.min(usual, 14 - magnitude));
}

function shownDigits(value: number): { readonly decimals: number; readonly digits: number } {
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const fraction = mantissa.length > 2 ? mantissa.length - 2 : 0;
  return { decimals: Math.max(0, fraction - Number(exponent)), digits: fraction + 1 };
}

/** @param least what a number that is not nothing has at least: a price is never zero. */
function toUnits(column: Float64Array, factor: number, least: number): void {
  for (let i = 0; i < column.length; i++) column[i] = Math.max(least, Math.round((column[i] ?? 0) * factor));
}
