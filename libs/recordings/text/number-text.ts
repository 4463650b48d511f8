/** Digits that every double holds: what is written with more is noise of the arithmetic that made it. */
export const EXACT_DIGITS = 15;

/** Decimal numbers only: no hex, no Infinity, no NaN, no spaces. Digits can be read in one way only, so it is quick. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
/** A longer text is not a number that anybody wrote. */
const LONGEST_NUMBER = 400;

/** NaN when the text is no finite decimal number. */
export function readDecimal(text: string): number {
  if (text.length > LONGEST_NUMBER || !DECIMAL.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? withoutNoise(value) : Number.NaN;
}

/** The number with at most 15 significant digits: 8.599999999999999e-06 is 8.6e-06. A zero has no sign. */
export function withoutNoise(value: number): number {
  return Number(value.toPrecision(EXACT_DIGITS)) + 0;
}
