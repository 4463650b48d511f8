/** Milliseconds that each job took in each round. */
export interface Timing {
  readonly median: number;
  readonly least: number;
}

/**
 * Times jobs in turn, round by round, so that whatever else the machine does meets all of them alike. Jobs that
 * are not warm yet are run before.
 */
export function timeInTurn(jobs: readonly (() => void)[], rounds: number, warmUps = 3): Timing[] {
  const times = jobs.map((): number[] => []);
  for (let round = -warmUps; round < rounds; round++) {
    for (const [k, job] of jobs.entries()) {
      const started = performance.now();
      job();
      if (round >= 0) times[k]?.push(performance.now() - started);
    }
  }
  return times.map((values) => ({ median: median(values), least: Math.min(...values) }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
