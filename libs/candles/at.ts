/**
 * Element `i` of a column whose bounds the caller has checked. The one place where the checker's
 * `number | undefined` is dropped: a hot loop that tests every element again costs more than its arithmetic,
 * and V8 inlines this to one load. Outside the bounds it answers `undefined` at run time, so do not.
 */
export function at(column: Float64Array, i: number): number {
  return column[i] as number;
}
