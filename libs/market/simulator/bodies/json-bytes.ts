const ZERO = 48;
const POINT = 46;
const MINUS = 45;
const BILLION = 1_000_000_000;

/**
 * Writes JSON as bytes, numbers straight from whole units: a kline page of 1,000 rows is 7,000 numbers,
 * and text for each of them would be most of the work of a reply. ASCII only.
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

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.length++] = code;
  }

  /** `units * 10 ** -decimals`, zeros at the end left away, as Bybit prints candles: 378200 with 1 is 37820. */
  decimal(units: number, decimals: number): this {
    this.reserve(40);
    while (decimals > 0 && units % 10 === 0) {
      units /= 10;
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
    let position = this.length + digits + (decimals > 0 ? 1 : 0);
    this.length = position;
    let written = 0;
    // Integer arithmetic is only fast below 2 ** 31: long numbers go in two parts.
    let rest = units >= BILLION ? Math.floor(units / BILLION) : 0;
    let low = (units - rest * BILLION) | 0;
    let lowDigits = 0;
    while (written < digits) {
      if (decimals > 0 && written === decimals) this.bytes[--position] = POINT;
      if (lowDigits === 9) {
        low = rest % BILLION;
        rest = Math.floor(rest / BILLION);
        lowDigits = 0;
      }
      const tenth = (low / 10) | 0;
      this.bytes[--position] = ZERO + (low - tenth * 10);
      low = tenth;
      lowDigits += 1;
      written += 1;
    }
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
