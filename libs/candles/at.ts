/**
 * Element `i` of a column whose bounds the caller has checked. For hot loops only: testing every element again costs
 * more than their arithmetic, and V8 inlines this to one load. Here, and in the loops of the core that are written
 * out, the checker's `number | undefined` is dropped; outside the bounds the value is `undefined` at run time.
 */
export function at(column: Float64Array, i: number): number {
  return column[i] as number;
}
