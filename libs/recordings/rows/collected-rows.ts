import { at } from "#libs/candles/at.ts";
import { showTime } from "#libs/candles/candle-error.ts";
import type { RowKind } from "../columns/row-kind.ts";
import { InputError } from "../input-error.ts";
import { GrowingColumn } from "./growing-column.ts";
import { orderOfTime } from "./order-of-time.ts";
import { Problems } from "./problems.ts";
import { RowPlaces } from "./row-places.ts";
import type { RowSink, SourceFacts } from "./row-sink.ts";

/** Sixty years of minutes. */
const MOST_ROWS = 32_000_000;

/** The rows of one or more files, as columns. */
export class CollectedRows implements RowSink {
  readonly problems = new Problems();
  readonly #kind: RowKind;
  readonly #problemOf: (values: Float64Array) => string | null;
  readonly #columns: readonly GrowingColumn[];
  readonly #places = new RowPlaces();
  readonly #starts: number[] = [];
  #path = "";
  #place = "line";
  #rows = 0;
  #beforeMs = Number.NEGATIVE_INFINITY;
  /** Whether no time is there twice and all ascend. */
  #isOrdered = true;
  #ascends = true;
  #descends = true;

  /** @param problemOf what is impossible about a row that could be read, or null. */
  constructor(kind: RowKind, problemOf: (values: Float64Array) => string | null) {
    this.#kind = kind;
    this.#problemOf = problemOf;
    this.#columns = Array.from({ length: kind.values.length + 1 }, () => new GrowingColumn());
  }

  get rows(): number {
    return this.#rows;
  }

  get order(): "oldest first" | "newest first" | "mixed" {
    return this.#ascends ? "oldest first" : this.#descends ? "newest first" : "mixed";
  }

  startSource(path: string, facts: SourceFacts): void {
    this.#path = path;
    this.#place = facts.place;
    this.#starts.push(this.#rows);
    this.#places.startSource(path, facts.place, this.#rows);
  }

  row(values: Float64Array, line: number): void {
    const problem = this.#problemOf(values);
    if (problem === null) this.#add(values, line);
    else this.brokenRow(at(values, 0), line, problem);
  }

  brokenRow(timeMs: number, line: number, text: string): void {
    this.problem(line, text);
    const values = new Float64Array(this.#columns.length).fill(Number.NaN);
    values[0] = timeMs;
    this.#add(values, line);
  }

  problem(line: number, text: string): void {
    this.problems.add(this.#path, this.#place, line, text);
  }

  #add(values: Float64Array, line: number): void {
    const timeMs = at(values, 0);
    if (timeMs <= this.#beforeMs) {
      this.#isOrdered = false;
      if (timeMs < this.#beforeMs) this.#ascends = false;
    } else if (this.#rows > 0) {
      this.#descends = false;
    }
    this.#beforeMs = timeMs;
    this.#places.note(this.#rows, line);
    for (let k = 0; k < values.length; k++) (this.#columns[k] as GrowingColumn).push(at(values, k));
    this.#rows++;
    if (this.#rows > MOST_ROWS) {
      throw new InputError(`${this.#path}: has more than ${MOST_ROWS / 1e6} million rows: give it in parts`);
    }
  }

  /** Columns as they were read, and where each file begins. */
  get times(): Float64Array {
    return (this.#columns[0] as GrowingColumn).values();
  }

  get starts(): readonly number[] {
    return this.#starts;
  }

  /**
   * The rows in order of time, each once. Equal rows are counted; those of one time that differ are problems.
   */
  inOrder(): OrderedRows {
    const columns = this.#columns.map((column) => column.values());
    const [times = new Float64Array(0)] = columns;
    if (this.#isOrdered) return this.#ordered(columns, null, 0);
    const order = orderOfTime(times);
    const kept = new Uint32Array(order.length);
    let length = 0;
    let equal = 0;
    for (const row of order) {
      const before = length === 0 ? -1 : (kept[length - 1] as number);
      if (before !== -1 && at(times, before) === at(times, row)) {
        const difference = this.#differenceOf(columns, before, row);
        if (difference === null) {
          equal++;
          // The one with more of the optional values is kept.
          if (missingIn(columns, before) > missingIn(columns, row)) kept[length - 1] = row;
        } else {
          this.#addDifference(before, row, difference);
        }
        continue;
      }
      kept[length++] = row;
    }
    const rows = kept.subarray(0, length);
    return this.#ordered(
      columns.map((column) => Float64Array.from(rows, (row) => at(column, row))),
      rows,
      equal,
    );
  }

  #ordered(columns: readonly Float64Array[], rows: Uint32Array | null, equal: number): OrderedRows {
    const rowOf = (i: number) => (rows === null ? i : (rows[i] as number));
    return {
      columns,
      length: columns[0]?.length ?? 0,
      equal,
      placeOf: (i) => {
        const { path, place } = this.#places.sourceOf(rowOf(i));
        return { path, place, line: this.#places.lineOf(rowOf(i)) };
      },
    };
  }

  /** How two rows of one time differ, or null. An optional value may be missing, and be rounded in another way. */
  #differenceOf(columns: readonly Float64Array[], one: number, other: number): string | null {
    for (const [k, { role, isOptional }] of this.#kind.values.entries()) {
      const column = columns[k + 1] as Float64Array;
      const [a, b] = [at(column, one), at(column, other)];
      // What has a problem is reported already.
      if (a === b || Number.isNaN(a) || Number.isNaN(b)) continue;
      if (isOptional && Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(a), Math.abs(b))) continue;
      return `${role} ${a} and ${b}`;
    }
    return null;
  }

  #addDifference(one: number, other: number, difference: string): void {
    const [a, b] = [one, other].sort((x, y) => x - y) as [number, number];
    const first = this.#places.sourceOf(a);
    const second = this.#places.sourceOf(b);
    const isOneFile = first.path === second.path;
    this.problems.add(
      second.path,
      second.place,
      this.#places.lineOf(b),
      `the time ${showTime(at(this.times, b))} is a duplicate of ${isOneFile ? "" : `${first.path} `}` +
        `${first.place} ${this.#places.lineOf(a)}, and they differ: ${difference}`,
    );
  }
}

export interface OrderedRows {
  /** The times, then the values of the kind. */
  readonly columns: readonly Float64Array[];
  readonly length: number;
  /** Rows that were there once more. */
  readonly equal: number;
  placeOf(i: number): { readonly path: string; readonly place: string; readonly line: number };
}

function missingIn(columns: readonly Float64Array[], row: number): number {
  let missing = 0;
  for (const column of columns) if (Number.isNaN(at(column, row))) missing++;
  return missing;
}
