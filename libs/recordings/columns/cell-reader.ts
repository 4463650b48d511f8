import { InputError } from "../input-error.ts";
import type { SourceFacts } from "../rows/row-sink.ts";
import type { ParserOptions } from "../source/source-parser.ts";
import { readDecimal, withoutNoise } from "../text/number-text.ts";
import { epochForm, readTime, type TimeForm, type TimeReading } from "../text/time-text.ts";
import { ASSUMED_UTC, type TimeZone, UTC } from "../text/time-zone.ts";
import { type Header, plainName } from "./header.ts";
import type { ValueColumn } from "./row-kind.ts";

/** A cell of a table: text from a CSV file, or a value of JSON. */
export type Cell = string | number | boolean | null;

/** How the time of a row is found. */
export interface TimeColumn {
  readonly column: number;
  /** A second column with the time of day; -1: there is none. */
  readonly clock: number;
  readonly zone: TimeZone | null;
}

const NOT_CLOSED = new Set(["false", "0", "no", "n"]);
const NO_NUMBER = new Set(["", "nan", "null", "none", "na", "n/a", "-"]);
const CLOCK_ALONE = /^\d{1,2}:\d{2}/;
/** 97,234: a thousand times what it is with a decimal comma. */
const GROUP_OF_THREE = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const THOUSANDS = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;

/** Reads rows whose columns are known. The quick reader of bytes hands over to it what is not plain digits. */
export class CellReader {
  readonly header: Header;
  /** The row that was read last: the time in milliseconds, then the values of the kind. */
  readonly values: Float64Array;
  readonly #options: ParserOptions;
  readonly #facts: SourceFacts;
  readonly #takesDecimalComma: boolean;
  #time: TimeColumn | null = null;
  #timeForm: TimeForm | null = null;
  #symbol: string | null = null;
  /** The line of the first number with a point, and with a comma, as decimal mark; 0: there is none. */
  #pointLine = 0;
  #commaLine = 0;
  #groupLine = 0;
  #hasDecimalComma = false;

  /** @param options `takesDecimalComma`: whether numbers may be written as 1,5. */
  constructor(header: Header, options: ParserOptions & { readonly takesDecimalComma: boolean }) {
    this.header = header;
    this.#options = options;
    this.#facts = options.facts;
    this.#takesDecimalComma = options.takesDecimalComma;
    if (header.written?.[header.values[0] ?? -1]?.includes("%") === true) this.#facts.percentColumn = true;
    this.values = new Float64Array(options.kind.values.length + 1);
  }

  /** Null before the first row: which column is the time depends on what is in it. */
  get time(): TimeColumn | null {
    return this.#time;
  }

  /** The coin of the first row. */
  get symbol(): string | null {
    return this.#symbol;
  }

  /** Takes a row, or reports why it cannot be used. */
  take(cells: readonly Cell[], line: number): void {
    const { columns, confirm } = this.header;
    if (this.#isHeader(cells)) return;
    if (cells.length !== columns && !isPadded(cells, columns)) {
      const count = cells.length === 1 ? "1 field" : `${cells.length} fields`;
      this.#options.sink.problem(line, `the ${this.#facts.place} has ${count}, ${columns} are needed`);
      return;
    }
    if (confirm !== -1 && NOT_CLOSED.has(textOf(cells[confirm]).toLowerCase())) {
      this.#facts.unconfirmed++;
      return;
    }
    const timeMs = this.#timeOf(cells, line);
    if (typeof timeMs === "string") {
      this.#options.sink.problem(line, timeMs);
      return;
    }
    this.values[0] = timeMs;
    const problem = this.#readValues(cells, line) ?? this.#symbolProblem(cells);
    if (problem === null) this.#options.sink.row(this.values, line);
    else this.#options.sink.brokenRow(timeMs, line, problem);
  }

  /** A time since 1970 in the unit that its size shows; null when it is none, or no whole millisecond. */
  epochMs(value: number): number | null {
    const form = epochForm(value);
    if (form === null) return null;
    const ms = form === "milliseconds" ? value : form === "seconds" ? value * 1_000 : value / 1_000;
    if (!Number.isSafeInteger(ms)) return null;
    this.#noteTime(form);
    return ms;
  }

  /** Null when the text is no time. */
  timeMs(text: string): number | null {
    const reading = readTime(text, this.#time?.zone ?? null);
    if (reading.ms !== null) this.#noteTime(reading.form);
    return reading.ms;
  }

  /** Answers false when other numbers of the file have a comma there: then the row is to be refused. */
  sawDecimalPoint(line: number): boolean {
    if (this.#pointLine === 0) this.#pointLine = line;
    return this.#commaLine === 0;
  }

  /** @throws InputError when each comma of the file could stand between thousands. */
  end(): void {
    if (this.#groupLine === 0 || this.#hasDecimalComma) return;
    throw new InputError(
      `${this.#options.path} line ${this.#groupLine}: it cannot be seen whether the comma is a decimal mark or stands ` +
        "between thousands: write numbers with a point, and nothing between thousands",
    );
  }

  #noteTime(form: TimeForm): void {
    if (form === this.#timeForm) return;
    this.#timeForm = form;
    const zone = this.#time?.zone ?? null;
    const isLocal = form === "text without a zone" && zone !== null;
    this.#facts.timeForms.add(isLocal ? `text, read as ${zone.name}` : form);
  }

  #isHeader(cells: readonly Cell[]): boolean {
    const { written } = this.header;
    if (written === null || cells.length !== written.length) return false;
    for (const [k, cell] of cells.entries()) {
      if (typeof cell !== "string" || plainName(cell) !== plainName(written[k] ?? "")) return false;
    }
    this.#facts.repeatedHeaders++;
    return true;
  }

  /** Milliseconds, or what is wrong. */
  #timeOf(cells: readonly Cell[], line: number): number | string {
    this.#time ??= this.#chooseTime(cells, line);
    const time = this.#readTime(cells, this.#time);
    if (time.ms !== null) {
      this.#noteTime(time.form);
      return time.ms;
    }
    const isAmbiguous = time.form === "text without a zone" && this.#time.zone === null;
    if (!isAmbiguous) return time.problem;
    throw new InputError(`${this.#options.path} ${this.#facts.place} ${line}: ${time.problem}`);
  }

  #readValues(cells: readonly Cell[], line: number): string | null {
    for (const [k, value] of this.#options.kind.values.entries()) {
      const column = this.header.values[k] ?? -1;
      const number = this.#number(cells[column] ?? null, line);
      if (Number.isNaN(number)) {
        const problem = missingProblem(value, column, cells[column] ?? null);
        if (problem !== null) return problem;
      }
      this.values[k + 1] = number;
    }
    return null;
  }

  #number(cell: Cell, line: number): number {
    if (typeof cell === "number") return Number.isFinite(cell) ? withoutNoise(cell) : Number.NaN;
    if (typeof cell !== "string") return Number.NaN;
    const text = this.#withPoint(cell.trim(), line);
    const percent = this.#options.kind.name === "funding rate" && text.endsWith("%");
    if (percent && this.#facts.percentLine === 0) this.#facts.percentLine = line;
    return percent ? withoutNoise(readDecimal(text.slice(0, -1).trim()) / 100) : readDecimal(text);
  }

  #withPoint(text: string, line: number): string {
    if (!this.#takesDecimalComma) return text;
    const hasComma = text.includes(",");
    if (text.includes(".") && this.#pointLine === 0) this.#pointLine = line;
    if (hasComma && this.#commaLine === 0) this.#commaLine = line;
    if (this.#pointLine !== 0 && this.#commaLine !== 0) {
      throw new InputError(
        `${this.#options.path}: numbers have a point in line ${this.#pointLine} and a comma in line ${this.#commaLine}: ` +
          "write all with a point, and nothing between thousands",
      );
    }
    if (hasComma) {
      if (!GROUP_OF_THREE.test(text)) this.#hasDecimalComma = true;
      else if (this.#groupLine === 0) this.#groupLine = line;
    }
    return hasComma ? text.replace(",", ".") : text;
  }

  #symbolProblem(cells: readonly Cell[]): string | null {
    const { symbol } = this.header;
    if (symbol === -1) return null;
    const found = textOf(cells[symbol]);
    this.#symbol ??= found;
    this.#facts.symbol ??= found;
    if (found === this.#symbol) return null;
    return `the row is of ${shown(found)}, those before are of ${shown(this.#symbol)}: a file of one coin is needed`;
  }

  #readTime(cells: readonly Cell[], { column, clock, zone }: TimeColumn): TimeReading {
    const text = textOf(cells[column]);
    return readTime(clock === -1 ? text : `${text} ${textOf(cells[clock])}`, zone);
  }

  /**
   * A name that says "open time" is better than any other; then a number since 1970 is better than text with a zone,
   * and that is better than text without, which is UTC unless the caller gives a zone. A date and a time in two columns
   * come from trading terminals, whose clocks show the zone of the broker: they need a zone.
   */
  #chooseTime(cells: readonly Cell[], line: number): TimeColumn {
    const { times, namedTimes, utcTimes, split } = this.header;
    if (split !== null && CLOCK_ALONE.test(textOf(cells[split.clock]))) {
      return { column: split.date, clock: split.clock, zone: this.#options.zone };
    }
    const found = times.map((column) => {
      const candidate = { column, clock: -1, zone: utcTimes.has(column) ? UTC : this.#options.zone };
      const reading = this.#readTime(cells, candidate);
      const rank = rankOf(reading.form, candidate.zone);
      return { candidate, ms: reading.ms, rank: rank <= CLEAR && namedTimes.has(column) ? -1 : rank };
    });
    const unclear = found.find(
      ({ candidate, rank }) => rank === WITHOUT_ZONE && namedTimes.has(candidate.column),
    );
    const [best] = unclear === undefined ? found.sort((a, b) => a.rank - b.rank) : [unclear];
    if (best === undefined)
      throw new InputError(`${this.#options.path} ${this.#facts.place} ${line}: no time`);
    const other = found.find(
      ({ candidate, ms, rank }) =>
        best.rank === 0 && rank === 1 && textOf(cells[candidate.column]).includes(":") && ms !== best.ms,
    );
    if (other !== undefined) {
      const [one, two] = [best, other].map(({ candidate }) => shown(textOf(cells[candidate.column])));
      throw new InputError(
        `${this.#options.path} ${this.#facts.place} ${line}: ${one} and ${two} are different moments: ` +
          "rename the column that is not the open time",
      );
    }
    return best.rank === WITHOUT_ZONE ? { ...best.candidate, zone: ASSUMED_UTC } : best.candidate;
  }
}

function textOf(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? "" : String(cell).trim();
}

/** Up to this rank it is clear which moment is meant. */
const CLEAR = 2;
const WITHOUT_ZONE = 3;

function rankOf(form: TimeForm | null, zone: TimeZone | null): number {
  if (form === null) return 4;
  if (form === "text without a zone") return zone === null ? WITHOUT_ZONE : CLEAR;
  return form === "text with a zone" ? 1 : 0;
}

/** More cells than columns are good when they are empty: a delimiter at the end of each row. */
function isPadded(cells: readonly Cell[], columns: number): boolean {
  return cells.length > columns && cells.slice(columns).every((cell) => cell === null || cell === "");
}

/** What is wrong with a cell that is no number, or null when it may be missing. */
function missingProblem({ role, isOptional }: ValueColumn, column: number, cell: Cell): string | null {
  const text = textOf(cell);
  const isMissing = column === -1 || NO_NUMBER.has(text.toLowerCase());
  if (isMissing && isOptional) return null;
  if (text === "") return `${role} is empty`;
  const remedy = THOUSANDS.test(text) ? ": write it without commas between thousands" : "";
  return `${role} is not a finite decimal number: ${shown(text)}${remedy}`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
