/** Prices of consecutive candles, columns of equal length. */
export interface PriceColumns {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
}

/** Consecutive candles as text: five to six bytes a candle instead of thirty or more. */
export interface EncodedCandles {
  /** Open time of the first, milliseconds. */
  readonly startMs: number;
  readonly count: number;
  /** Base64 of four variable-length integers a candle: see `encodeCandles`. */
  readonly bytes: string;
}

const MOST_DECIMALS = 10;
const SIGNIFICANT_DIGITS = 8;

/** Noise of binary fractions, relative to a price: 0.1 + 0.2 is meant as 0.3. */
const NOISE = 1e-13;

/**
 * The fewest decimals with which every price is the one that was read. Prices that are no short decimals
 * (computed ones) are shown with eight significant digits of the smallest.
 */
export function decimalsOf(prices: PriceColumns): number {
  const columns = [prices.open, prices.high, prices.low, prices.close];
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
    const scale = 10 ** decimals;
    const isExact = (price: number): boolean =>
      Math.abs(Math.round(price * scale) / scale - price) <= price * NOISE;
    if (columns.every((column) => column.every(isExact))) return decimals;
  }
  const smallest = prices.low.reduce((low, price) => Math.min(low, price), Number.POSITIVE_INFINITY);
  const magnitude = Math.floor(Math.log10(smallest));
  return Math.min(15, Math.max(0, SIGNIFICANT_DIGITS - 1 - magnitude));
}

/**
 * Candles `[from, to)` in units of the last decimal: the open from the close before, the close from the open, the
 * shadows from the body. All four are small for almost every candle, so they take a byte or two each.
 */
export function encodeCandles(prices: PriceColumns, from: number, to: number, decimals: number): string {
  const scale = 10 ** decimals;
  const units = (column: Float64Array, i: number): number => Math.round((column[i] ?? 0) * scale);
  const bytes: number[] = [];
  let before = 0;
  for (let i = from; i < to; i++) {
    const open = units(prices.open, i);
    const close = units(prices.close, i);
    writeInteger(bytes, zigzag(open - before));
    writeInteger(bytes, zigzag(close - open));
    writeInteger(bytes, units(prices.high, i) - Math.max(open, close));
    writeInteger(bytes, Math.min(open, close) - units(prices.low, i));
    before = close;
  }
  return base64(bytes);
}

/** The inverse of `encodeCandles`. */
export function decodeCandles(encoded: EncodedCandles, decimals: number): PriceColumns {
  const scale = 10 ** decimals;
  const { count } = encoded;
  const text = atob(encoded.bytes);
  let position = 0;
  // Arithmetic instead of shifts: prices with many decimals do not fit 32 bits.
  const readInteger = (): number => {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = text.charCodeAt(position++);
      if (byte < 128) return value + byte * weight;
      value += (byte - 128) * weight;
    }
  };
  const open = new Float64Array(count);
  const high = new Float64Array(count);
  const low = new Float64Array(count);
  const close = new Float64Array(count);
  let before = 0;
  for (let i = 0; i < count; i++) {
    const first = before + unzigzag(readInteger());
    const last = first + unzigzag(readInteger());
    open[i] = first / scale;
    close[i] = last / scale;
    high[i] = (Math.max(first, last) + readInteger()) / scale;
    low[i] = (Math.min(first, last) - readInteger()) / scale;
    before = last;
  }
  return { open, high, low, close };
}

/** Whole numbers of any sign to whole numbers from 0 on, small ones to small ones. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

/** Seven bits a byte, lowest first; the eighth says that more follow. */
function writeInteger(bytes: number[], value: number): void {
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  bytes.push(left);
}

/** With what both Node and a page have. */
function base64(bytes: readonly number[]): string {
  const pieces: string[] = [];
  for (let i = 0; i < bytes.length; i += 0x6000) {
    pieces.push(btoa(String.fromCharCode(...bytes.slice(i, i + 0x6000))));
  }
  return pieces.join("");
}
