import { at } from "#libs/candles/at.ts";
import { InputError } from "./input-error.ts";
import type { OrderedRows } from "./rows/collected-rows.ts";
import type { Problems } from "./rows/problems.ts";

/**
 * The interval of candles: the most common step between two rows (the smaller on a tie), so that a gap is seen as a
 * gap and not as another interval.
 * @param times as they were read.
 * @param starts where each file begins in them.
 * @throws InputError when it cannot be seen, or files have different ones.
 */
export function intervalOf(
  times: Float64Array,
  starts: readonly number[],
  ordered: OrderedRows,
  paths: readonly string[],
  problems: Problems,
): number {
  let interval: number | null = null;
  let first = "";
  for (const [k, from] of starts.entries()) {
    const found = mostCommonStep(times.subarray(from, starts[k + 1] ?? times.length));
    if (found === null) continue;
    if (interval !== null && found !== interval) {
      throw new InputError(
        `${paths[k]}: candles of ${found / 60_000} minutes cannot be joined to those of ${first}, which have ` +
          `${interval / 60_000}: give files of one interval`,
      );
    }
    interval = found;
    first = paths[k] ?? "";
  }
  interval ??= mostCommonStep(ordered.columns[0] ?? times);
  if (interval !== null) return interval;
  if (problems.count > 0) throw problems.error(null);
  throw new InputError(
    `${paths.join(", ")}: one candle alone does not show its interval, two or more are needed`,
  );
}

/** Of times in any order; equal ones are no step. */
function mostCommonStep(times: Float64Array): number | null {
  const steps = new Map<number, number>();
  let run = 0;
  let runStep = 0;
  for (let i = 1; i < times.length; i++) {
    const step = Math.abs(at(times, i) - at(times, i - 1));
    if (step === runStep) {
      run++;
      continue;
    }
    if (run > 0) steps.set(runStep, (steps.get(runStep) ?? 0) + run);
    runStep = step;
    run = 1;
  }
  if (run > 0) steps.set(runStep, (steps.get(runStep) ?? 0) + run);
  let best: number | null = null;
  let most = 0;
  for (const [step, count] of steps) {
    if (step === 0 || count < most || (count === most && best !== null && step > best)) continue;
    best = step;
    most = count;
  }
  return best;
}
