import { type Cell, CellReader } from "../columns/cell-reader.ts";
import { countNames, type Header, readHeader, unnamedHeader } from "../columns/header.ts";
import type { RowKind } from "../columns/row-kind.ts";
import { InputError } from "../input-error.ts";
import type { ParserOptions, SourceParser } from "../source/source-parser.ts";
import { JsonElements, JsonError } from "./json-elements.ts";

const FEWEST_NAMES = 2;
/** What exchanges say in an answer without rows. */
const COMPLAINTS = ["retMsg", "msg", "message", "error"];

/**
 * Reads rows from JSON: an array of arrays or of objects, the answer of an exchange around one, or one value a line.
 */
export class JsonParser implements SourceParser {
  readonly #options: ParserOptions;
  readonly #elements: JsonElements;
  #arrays: CellReader | null = null;
  #objects: CellReader | null = null;
  #keys: readonly string[] = [];
  #row = 0;
  #complaint: string | null = null;

  constructor(options: ParserOptions) {
    this.#options = options;
    this.#elements = new JsonElements((value) => this.#take(value));
  }

  push(chunk: Buffer): void {
    this.#translated(() => this.#elements.push(chunk));
  }

  end(): void {
    this.#translated(() => this.#elements.end());
    if (this.#arrays !== null || this.#objects !== null) return;
    const { path, kind } = this.#options;
    const said =
      this.#complaint === null ? "" : ` (it says ${JSON.stringify(this.#complaint.slice(0, 120))})`;
    throw new InputError(`${path}: the JSON holds no row of a ${kind.name}${said}`);
  }

  #translated(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const where = this.#row === 0 ? "" : ` after row ${this.#row}`;
      throw new InputError(`${this.#options.path}${where}: the JSON ${error.message}`, { cause: error });
    }
  }

  #take(value: unknown): void {
    if (Array.isArray(value)) this.#takeArray(value);
    else if (typeof value === "object" && value !== null) this.#takeObject(value);
  }

  #takeArray(value: readonly unknown[]): void {
    // An exchange without candles of that time answers with an empty list.
    if (value.length === 0) return;
    this.#row++;
    const cells = value.map(cellOf);
    if (this.#arrays === null) {
      const header = this.#headerOf(cells);
      if (header === null) return;
      this.#arrays = new CellReader(header, { ...this.#options, takesDecimalComma: false });
      if (header.written !== null) return;
      this.#options.facts.header = "by position";
    }
    this.#arrays.take(cells, this.#row);
  }

  /** Null for an array that is neither names nor a row. */
  #headerOf(cells: readonly Cell[]): Header | null {
    const { kind, path, facts } = this.#options;
    const names = cells.map((cell) => (typeof cell === "string" ? cell : ""));
    if (countNames(names, kind) >= FEWEST_NAMES) return readHeader(names, kind, `${path} row ${this.#row}`);
    const columns = kind.name === "funding rate" && isRateCandle(cells) ? 2 : cells.length;
    const header = unnamedHeader(columns, kind);
    if (header !== null) return { ...header, columns: cells.length };
    if (cells.length < 2) {
      facts.others++;
      return null;
    }
    throw new InputError(
      `${path} row ${this.#row}: rows of ${cells.length} values without names have no known order ` +
        `(${[...kind.unnamed.keys()].join(", ")} have): give objects, or a first row of names`,
    );
  }

  #takeObject(value: object): void {
    const entries = Object.entries(value);
    if (this.#objects === null || this.#keys.some((key) => !Object.hasOwn(value, key))) {
      const names = entries.map(([key]) => key);
      if (countNames(names, this.#options.kind) < FEWEST_NAMES) {
        const inner = entries.find(([, one]) => isRowObject(one, this.#options.kind));
        if (inner !== undefined) {
          this.#take(inner[1]);
          return;
        }
        this.#options.facts.others++;
        this.#complaint ??= complaintOf(value);
        return;
      }
      this.#row++;
      if (this.#objects === null) {
        const header = readHeader(names, this.#options.kind, `${this.#options.path} row ${this.#row}`);
        this.#objects = new CellReader(header, { ...this.#options, takesDecimalComma: false });
        this.#keys = names;
      }
    } else {
      this.#row++;
    }
    const cells = new Map(entries);
    this.#objects.take(
      this.#keys.map((key) => cellOf(cells.get(key))),
      this.#row,
    );
  }
}

function cellOf(value: unknown): Cell {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** Freqtrade keeps a rate as the open of a candle whose other values are zero. */
function isRateCandle(cells: readonly Cell[]): boolean {
  return cells.length === 6 && cells.slice(2).every((cell) => cell === 0 || cell === null);
}

/** A message of a stream has its row in a field: `{"e": "kline", "k": {...}}`. */
function isRowObject(value: unknown, kind: RowKind): boolean {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && countNames(Object.keys(value), kind) >= FEWEST_NAMES;
}

function complaintOf(value: object): string | null {
  const found = Object.entries(value).find(
    ([key, text]) => COMPLAINTS.includes(key) && typeof text === "string",
  );
  return found === undefined || /^(?:ok|success)?$/i.test(String(found[1])) ? null : String(found[1]);
}
