import { at } from "#libs/candles/at.ts";

/**
 * The indexes of times in ascending order; equal times stay in the order they have. Files are long runs, ascending or
 * descending, so the runs are found and merged.
 */
export function orderOfTime(times: Float64Array): Uint32Array {
  const order = Uint32Array.from(times, (_, i) => i);
  let runs = runsOf(times, order);
  let from: Uint32Array = order;
  let to: Uint32Array = new Uint32Array(order.length);
  while (runs.length > 1) {
    const merged: number[] = [];
    for (let k = 0; k < runs.length; k += 2) {
      const start = runs[k] ?? 0;
      const middle = runs[k + 1] ?? times.length;
      const end = runs[k + 2] ?? times.length;
      merge(times, from, to, start, middle, end);
      merged.push(start);
    }
    runs = merged;
    [from, to] = [to, from];
  }
  return from;
}

/** Where runs begin. The order of those that descend is turned around in place. */
function runsOf(times: Float64Array, order: Uint32Array): number[] {
  const starts: number[] = [];
  let start = 0;
  while (start < times.length) {
    starts.push(start);
    let end = start + 1;
    const isDescending = end < times.length && at(times, end) < at(times, start);
    // Equal times end a descending run, which would turn them around.
    while (
      end < times.length &&
      (isDescending ? at(times, end) < at(times, end - 1) : at(times, end) >= at(times, end - 1))
    ) {
      end++;
    }
    if (isDescending) order.subarray(start, end).reverse();
    start = end;
  }
  return starts;
}

function merge(
  times: Float64Array,
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let a = start;
  let b = middle;
  for (let k = start; k < end; k++) {
    // Within their bounds, hence `as number`.
    const takesA = a < middle && (b >= end || at(times, from[a] as number) <= at(times, from[b] as number));
    to[k] = from[takesA ? a++ : b++] as number;
  }
}
