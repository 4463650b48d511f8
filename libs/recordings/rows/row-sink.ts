/** Where the rows of a source go. */
export interface RowSink {
  /**
   * A row whose cells could all be read.
   * @param values the time in milliseconds, then the values of the kind. Used again for the next row.
   */
  row(values: Float64Array, line: number): void;
  /** A row that cannot be used, but whose time is known: it is not missing as well. */
  brokenRow(timeMs: number, line: number, text: string): void;
  /** A row that cannot be used and whose time is not known; counted, and the first ones are shown. */
  problem(line: number, text: string): void;
}

/** How a source is written, and what was skipped on the way. */
export interface SourceFacts {
  /** In what its rows are counted. */
  readonly place: "line" | "row";
  header: "by name" | "by position";
  readonly timeForms: Set<string>;
  /** Lines before the header. */
  preamble: number;
  repeatedHeaders: number;
  comments: number;
  /** Rows that are marked as not closed. */
  unconfirmed: number;
  /** The coin that the rows name. */
  symbol: string | null;
  /** The row of the first rate with a percent sign; 0: there is none. */
  percentLine: number;
  /** The column of the first value has a percent sign in its name. */
  percentColumn: boolean;
  /** JSON values that are no rows. */
  others: number;
}

export function newFacts(place: SourceFacts["place"]): SourceFacts {
  return {
    place,
    header: "by name",
    timeForms: new Set(),
    preamble: 0,
    repeatedHeaders: 0,
    comments: 0,
    unconfirmed: 0,
    symbol: null,
    percentLine: 0,
    percentColumn: false,
    others: 0,
  };
}
