import { InputError } from "./input-error.ts";

/** The columns of a table of numbers, in order. */
export interface TableShape {
  readonly columns: readonly string[];
  /** Columns whose fields may be empty; they read as NaN. */
  readonly optional: readonly string[];
}

/** Takes one row; answers what is wrong with it, or null. */
export type RowSink = (values: Float64Array, line: number) => string | null;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const COMMA = 44;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
/** Far beyond any row of numbers: a longer line is not a table, and must not fill the memory. */
const LONGEST_LINE = 4096;
/** Digits that a double holds exactly, so that one division gives the nearest double. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, k) => Number(`1e${k}`));
/** Decimal numbers only: no hex, no Infinity, no NaN, no spaces. Digits can be read in one way only, so it is quick. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Turns the bytes of a CSV file into rows of numbers, without an object or a string for a well-formed field. */
export class LineParser {
  readonly #path: string;
  readonly #shape: TableShape;
  readonly #onRow: RowSink;
  readonly #values: Float64Array;
  readonly #optional: readonly boolean[];
  #line = 0;
  /** The beginning of a line whose end is in the next chunk. */
  #rest: Buffer = Buffer.alloc(0);
  /** Line number of a blank line, which is only good when nothing follows. */
  #blankLine = 0;
  #rows = 0;

  constructor(path: string, shape: TableShape, onRow: RowSink) {
    this.#path = path;
    this.#shape = shape;
    this.#onRow = onRow;
    this.#values = new Float64Array(shape.columns.length);
    this.#optional = shape.columns.map((column) => shape.optional.includes(column));
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
    if (this.#rest.length > LONGEST_LINE) {
      throw this.#error(this.#line + 1, "the line is too long for a row of numbers: is this a CSV file?");
    }
  }

  /** @throws InputError also when the file had no row. */
  end(): void {
    if (this.#rest.length > 0) this.#take(this.#rest, 0, this.#rest.length);
    if (this.#line === 0) throw new InputError(`${this.#path}: the file is empty`);
    if (this.#rows === 0) throw new InputError(`${this.#path}: the file has a header but no row`);
  }

  #take(bytes: Buffer, start: number, end: number): void {
    this.#line++;
    if (end > start && bytes[end - 1] === CARRIAGE_RETURN) end--;
    if (this.#line === 1) {
      this.#takeHeader(bytes.toString("utf8", start, end));
      return;
    }
    if (end === start) {
      if (this.#blankLine === 0) this.#blankLine = this.#line;
      return;
    }
    if (this.#blankLine !== 0) throw this.#error(this.#blankLine, "the line is empty");
    this.#takeRow(bytes, start, end);
  }

  #takeHeader(text: string): void {
    const header = this.#shape.columns.join(",");
    const found = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    if (found === header) return;
    throw this.#error(1, `the header must be ${header}, not ${JSON.stringify(found.slice(0, 120))}`);
  }

  #takeRow(bytes: Buffer, start: number, end: number): void {
    const count = this.#values.length;
    let field = 0;
    let from = start;
    for (;;) {
      let to = bytes.indexOf(COMMA, from);
      if (to === -1 || to > end) to = end;
      if (field < count) this.#values[field] = this.#number(bytes, from, to, field);
      field++;
      if (to === end) break;
      from = to + 1;
    }
    if (field !== count) {
      throw this.#error(this.#line, `the line has ${field} fields, ${count} are needed`);
    }
    this.#rows++;
    const problem = this.#onRow(this.#values, this.#line);
    if (problem !== null) throw this.#error(this.#line, problem);
  }

  #number(bytes: Buffer, from: number, to: number, field: number): number {
    let mantissa = 0;
    let digits = 0;
    let decimals = -1;
    for (let k = from; k < to; k++) {
      const byte = bytes[k] ?? 0;
      if (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO);
        digits++;
        if (decimals >= 0) decimals++;
      } else if (byte === DOT && decimals < 0) {
        decimals = 0;
      } else {
        return this.#unusualNumber(bytes.toString("utf8", from, to), field);
      }
    }
    if (digits === 0 || digits > EXACT_DIGITS) {
      return this.#unusualNumber(bytes.toString("utf8", from, to), field);
    }
    return decimals > 0 ? mantissa / (POWERS_OF_TEN[decimals] ?? 1) : mantissa;
  }

  /** Signs, exponents, many digits, and everything that is not a number. */
  #unusualNumber(text: string, field: number): number {
    const column = this.#shape.columns[field] ?? "";
    if (text === "") {
      if (this.#optional[field] === true) return Number.NaN;
      throw this.#error(this.#line, `${column} is empty`);
    }
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    // A zero has no sign.
    if (Number.isFinite(value)) return value + 0;
    throw this.#error(
      this.#line,
      `${column} is not a finite decimal number: ${JSON.stringify(text.slice(0, 60))}`,
    );
  }

  #error(line: number, problem: string): InputError {
    return new InputError(`${this.#path} line ${line}: ${problem}`);
  }
}
