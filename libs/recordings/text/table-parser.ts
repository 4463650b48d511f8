import { CellReader } from "../columns/cell-reader.ts";
import { countNames, type Header, readHeader, shownCells, unnamedHeader } from "../columns/header.ts";
import { InputError } from "../input-error.ts";
import type { ParserOptions, SourceParser } from "../source/source-parser.ts";
import { EXACT_DIGITS, readDecimal } from "./number-text.ts";
import { splitLine } from "./split-line.ts";
import { readTime } from "./time-text.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
/** Far beyond any row of numbers: a longer line is not a table, and must not fill the memory. */
const LONGEST_LINE = 4096;
/** Before the header: an address, a licence, a title. */
const MOST_PREAMBLE_LINES = 50;
/** The comma is the last, because it may also be a decimal mark. */
const DELIMITERS = ["\t", ";", "|", ","];
/** A name alone may be a word of a sentence. */
const FEWEST_NAMES = 2;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, k) => Number(`1e${k}`));

/** A column that is not read. */
const SKIPPED = -1;
/** A column that must be the same in all rows. */
const SYMBOL = -2;

/**
 * Turns the bytes of a table into rows of numbers: without an object or a string for a row of plain numbers, and by
 * cells for everything else.
 */
export class TableParser implements SourceParser {
  readonly #options: ParserOptions;
  #cells: CellReader | null = null;
  #delimiter = COMMA;
  /** What each column is: the index of a value of the row, or one of the constants above. Null: rows are not plain. */
  #slots: Int8Array | null = null;
  #symbol: Buffer = Buffer.alloc(0);
  #line = 0;
  /** The beginning of a line whose end is in the next chunk. */
  #rest: Buffer = Buffer.alloc(0);
  #firstText: string | null = null;

  constructor(options: ParserOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest.length > 0) bytes = Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      this.#take(bytes, start, end);
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
    this.#assertLength(this.#rest.length, this.#line + 1);
  }

  end(): void {
    if (this.#rest.length > 0) this.#take(this.#rest, 0, this.#rest.length);
    if (this.#cells !== null) {
      this.#cells.end();
      return;
    }
    if (this.#firstText === null) throw new InputError(`${this.#options.path}: the file is empty`);
    throw this.#noHeader();
  }

  #take(bytes: Buffer, start: number, end: number): void {
    this.#line++;
    if (end > start && bytes[end - 1] === CARRIAGE_RETURN) end--;
    if (this.#slots !== null && this.#takePlain(bytes, start, end, this.#slots)) return;
    this.#assertLength(end - start, this.#line);
    this.#takeText(bytes.toString("utf8", start, end));
  }

  /** Answers false when the row has anything but plain numbers; it is then taken by cells. */
  #takePlain(bytes: Buffer, start: number, end: number, slots: Int8Array): boolean {
    const cells = this.#cells;
    if (cells === null) return false;
    const { values } = cells;
    const delimiter = this.#delimiter;
    const last = slots.length - 1;
    let k = start;
    for (let field = 0; field <= last; field++) {
      const from = k;
      let mantissa = 0;
      let digits = 0;
      let decimals = -1;
      let isPlain = true;
      for (; k < end; k++) {
        // Within the bounds, hence `as number`: this is done for each byte of a file.
        const byte = bytes[k] as number;
        if (byte >= ZERO && byte <= NINE) {
          mantissa = mantissa * 10 + (byte - ZERO);
          digits++;
          if (decimals >= 0) decimals++;
        } else if (byte === delimiter) {
          break;
        } else if (byte === DOT && decimals < 0) {
          decimals = 0;
        } else if (byte === QUOTE) {
          return false;
        } else {
          isPlain = false;
        }
      }
      // Too many fields, or too few.
      if (k < end === (field === last)) return false;
      const slot = slots[field] as number;
      if (slot > 0) {
        if (isPlain && digits > 0 && digits <= EXACT_DIGITS) {
          // Both are exact, so that the quotient is the nearest double.
          values[slot] = decimals > 0 ? mantissa / (POWERS_OF_TEN[decimals] as number) : mantissa;
        } else {
          const value = this.#unusualNumber(bytes, from, k, slot);
          if (value === null) return false;
          values[slot] = value;
        }
        if (decimals >= 0 && !cells.sawDecimalPoint(this.#line)) return false;
      } else if (slot === 0) {
        const isEpoch = isPlain && decimals < 0 && digits <= EXACT_DIGITS + 1 && digits > 0;
        const timeMs = isEpoch ? cells.epochMs(mantissa) : cells.timeMs(bytes.toString("utf8", from, k));
        if (timeMs === null) return false;
        values[0] = timeMs;
      } else if (slot === SYMBOL && this.#symbol.compare(bytes, from, k) !== 0) {
        return false;
      }
      k++;
    }
    this.#options.sink.row(values, this.#line);
    return true;
  }

  /** Signs, exponents and many digits. Null when it is nothing of these. */
  #unusualNumber(bytes: Buffer, from: number, to: number, slot: number): number | null {
    if (from === to) return this.#options.kind.values[slot - 1]?.isOptional === true ? Number.NaN : null;
    const value = readDecimal(bytes.toString("latin1", from, to));
    return Number.isNaN(value) ? null : value;
  }

  #takeText(line: string): void {
    const text = this.#line === 1 && line.startsWith("\ufeff") ? line.slice(1) : line;
    if (text.trim() === "") return;
    this.#firstText ??= text;
    if (this.#cells === null) {
      this.#findLayout(text);
      return;
    }
    if (text.startsWith("#")) {
      this.#options.facts.comments++;
      return;
    }
    this.#cells.take(splitLine(text, String.fromCharCode(this.#delimiter)), this.#line);
    if (this.#slots === null) this.#slots = this.#slotsOf(this.#cells);
  }

  /** A header, the first row of a table without one, or a line before either. */
  #findLayout(text: string): void {
    const { kind, path, facts } = this.#options;
    for (const delimiter of DELIMITERS) {
      const cells = splitLine(text, delimiter);
      if (cells.length < 2) continue;
      if (countNames(cells, kind) >= FEWEST_NAMES) {
        this.#start(readHeader(cells, kind, `${path} line ${this.#line}`), delimiter);
        return;
      }
      if (!isValues(cells, delimiter !== ",")) continue;
      while (cells.at(-1) === "") cells.pop();
      const header = unnamedHeader(cells.length, kind);
      if (header === null) throw this.#noNames(cells);
      facts.header = "by position";
      this.#start(header, delimiter).take(cells, this.#line);
      return;
    }
    facts.preamble++;
    if (facts.preamble > MOST_PREAMBLE_LINES) throw this.#noHeader();
  }

  #start(header: Header, delimiter: string): CellReader {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#cells = new CellReader(header, { ...this.#options, takesDecimalComma: delimiter !== "," });
    return this.#cells;
  }

  #slotsOf(cells: CellReader): Int8Array | null {
    const { header, time } = cells;
    if (time === null || time.clock !== -1 || header.confirm !== -1) return null;
    const slots = new Int8Array(header.columns).fill(SKIPPED);
    for (const [k, column] of header.values.entries()) {
      if (column !== -1) slots[column] = k + 1;
    }
    if (header.symbol !== -1) {
      if (cells.symbol === null) return null;
      slots[header.symbol] = SYMBOL;
      this.#symbol = Buffer.from(cells.symbol);
    }
    slots[time.column] = 0;
    return slots;
  }

  #assertLength(bytes: number, line: number): void {
    if (bytes <= LONGEST_LINE) return;
    throw new InputError(
      `${this.#options.path} line ${line}: the line is too long for a row of numbers: is this a table?`,
    );
  }

  #noHeader(): InputError {
    const { path, kind } = this.#options;
    const found = shownCells([this.#firstText ?? ""]);
    return new InputError(
      `${path} line 1: there is neither a header nor a row of numbers (found ${found}): ` +
        `name the columns, as in ${kind.exampleHeader}`,
    );
  }

  #noNames(cells: readonly string[]): InputError {
    const { path, kind } = this.#options;
    const counts = [...kind.unnamed.keys()].join(", ");
    return new InputError(
      `${path} line ${this.#line}: ${cells.length} columns without a header have no known order (${counts} have): ` +
        `name them in a first line, as in ${kind.exampleHeader}`,
    );
  }
}

/** Whether a line is a row: a time, and a number behind it. */
function isValues(cells: readonly string[], decimalComma: boolean): boolean {
  const [time = "", ...others] = cells;
  if (readTime(time, null).form === null) return false;
  const [second = ""] = others;
  return !Number.isNaN(readDecimal(decimalComma ? second.replace(",", ".") : second));
}
