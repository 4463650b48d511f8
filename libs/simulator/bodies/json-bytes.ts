const ZERO = 48;
const POINT = 46;
const MINUS = 45;
const QUOTE = 34;
const COMMA = 44;
const BILLION = 1_000_000_000;

/**
 * Writes JSON as bytes, numbers directly from whole units: a kline page of 1,000 rows has 7,000 numbers, and formatting
 * each as a string would dominate the cost of a response. ASCII only.
 */
export class JsonBytes {
  private bytes: Buffer;
  private length = 0;

  constructor(capacity = 16_384) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }

  text(text: string): this {
    this.reserve(text.length);
    this.length += this.bytes.write(text, this.length, "latin1");
    return this;
  }

  /** `","` between two strings of a list: byte by byte, because a call into native code is more expensive. */
  nextText(): this {
    this.reserve(3);
    this.bytes[this.length] = QUOTE;
    this.bytes[this.length + 1] = COMMA;
    this.bytes[this.length + 2] = QUOTE;
    this.length += 3;
    return this;
  }

  /** `units * 10 ** -decimals` without trailing zeros, as Bybit formats candles: 378200 with 1 is 37820. */
  decimal(units: number, decimals: number): this {
    this.reserve(40);
    while (decimals > 0) {
      const tenth = units / 10;
      if (tenth !== Math.floor(tenth)) break;
      units = tenth;
      decimals -= 1;
    }
    return this.fixed(units, decimals);
  }

  /** `units * 10 ** -decimals` with all its decimals. Units are whole and below 2 ** 53. */
  fixed(units: number, decimals: number): this {
    this.reserve(40);
    if (units < 0) {
      this.bytes[this.length++] = MINUS;
      units = -units;
    }
    const digits = Math.max(digitsOf(units), decimals + 1);
    const whole = digits - decimals;
    const end = this.length + digits + (decimals > 0 ? 1 : 0);
    // Integer arithmetic is fast only below 2 ** 31, so a long number is written in parts of nine digits.
    let position = end;
    let left = digits;
    while (left > 0) {
      const high = units < BILLION ? 0 : Math.floor(units / BILLION);
      let part = (units - high * BILLION) | 0;
      const stop = Math.max(0, left - 9);
      for (; left > stop; left--) {
        if (left === whole && decimals > 0) this.bytes[--position] = POINT;
        const tenth = (part / 10) | 0;
        this.bytes[--position] = ZERO + (part - tenth * 10);
        part = tenth;
      }
      units = high;
    }
    this.length = end;
    return this;
  }

  /** A view of what was written; valid until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const wider = Buffer.allocUnsafe((this.length + more) * 2);
    this.bytes.copy(wider, 0, 0, this.length);
    this.bytes = wider;
  }
}

function digitsOf(units: number): number {
  let digits = 1;
  for (let bound = 10; units >= bound; bound *= 10) digits += 1;
  return digits;
}

/** The text of `units * 10 ** -decimals`, all decimals. */
export function fixedText(units: number, decimals: number): string {
  return new JsonBytes(40).fixed(Math.round(units), decimals).view().toString("latin1");
}

/** The same without zeros at the end. */
export function decimalText(units: number, decimals: number): string {
  return new JsonBytes(40).decimal(Math.round(units), decimals).view().toString("latin1");
}
