/** The same work done by the engine and by a library. Whoever makes one has compared the results. */
export interface Comparison {
  readonly work: string;
  /** What was compared, and how it came out. */
  readonly agreed: string;
  /** Whether the engine is meant to be ten times as fast here. */
  readonly hasTarget: boolean;
  ours(): void;
  theirs(): void;
}

const TOLERANCE = 1e-9;

export function closeTo(a: number, b: number, tolerance = TOLERANCE): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}
