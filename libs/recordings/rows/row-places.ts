/** Where rows were read: their files and lines, kept as the few places where the count jumps. */
export class RowPlaces {
  /** Row index from which on the line is the index plus the offset. */
  readonly #rows: number[] = [];
  readonly #offsets: number[] = [];
  readonly #sources: { readonly path: string; readonly place: string; readonly fromRow: number }[] = [];
  #offset = Number.NaN;

  startSource(path: string, place: string, fromRow: number): void {
    this.#sources.push({ path, place, fromRow });
    this.#offset = Number.NaN;
  }

  /** Rows come in order of their index. */
  note(row: number, line: number): void {
    const offset = line - row;
    if (offset === this.#offset) return;
    this.#offset = offset;
    this.#rows.push(row);
    this.#offsets.push(offset);
  }

  sourceOf(row: number): { readonly path: string; readonly place: string } {
    return this.#sources.findLast(({ fromRow }) => fromRow <= row) ?? { path: "", place: "line" };
  }

  lineOf(row: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rows[middle] ?? 0) <= row) low = middle + 1;
      else high = middle;
    }
    return row + (this.#offsets[low - 1] ?? 0);
  }
}
