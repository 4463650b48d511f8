/** A column of unknown length: doubles its room when full. */
export class GrowingColumn {
  #values = new Float64Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** What was pushed, as a view on the column. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
