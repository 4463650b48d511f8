import type { MutantResult, MutantStatus } from "@stryker-mutator/api/core";

/** What became of the mutants of one part, or of all. */
export interface Score {
  readonly name: string;
  /** A test failed. */
  readonly killed: number;
  /** A test did not end, as when a loop lost its end. */
  readonly timedOut: number;
  readonly survived: number;
  /** No test runs the code at all. */
  readonly uncovered: number;
  /** Percent noticed of all that were tried; null when there was none. */
  readonly percent: number | null;
}

/** Counts mutants. Those left out on purpose and those that are no valid program count nowhere. */
export function scoreOf(name: string, mutants: readonly Pick<MutantResult, "status">[]): Score {
  const count = (status: MutantStatus) => mutants.filter((mutant) => mutant.status === status).length;
  const [killed, timedOut] = [count("Killed"), count("Timeout")];
  const [survived, uncovered] = [count("Survived"), count("NoCoverage")];
  const tried = killed + timedOut + survived + uncovered;
  const percent = tried === 0 ? null : ((killed + timedOut) * 100) / tried;
  return { name, killed, timedOut, survived, uncovered, percent };
}

/** A table for people, one line a score. */
export function scoreTable(scores: readonly Score[]): string {
  const lines = [
    ["", "killed", "timed out", "survived", "uncovered", "score"],
    ...scores.map(({ name, killed, timedOut, survived, uncovered, percent }) => [
      name,
      ...[killed, timedOut, survived, uncovered].map(String),
      percent === null ? "none" : `${percent.toFixed(1)} %`,
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((k) => Math.max(...lines.map((line) => line[k]?.length ?? 0)));
  const padded = lines.map((line) =>
    line.map((cell, k) => (k === 0 ? cell.padEnd(widths[k] ?? 0) : cell.padStart(widths[k] ?? 0))).join("  "),
  );
  return `${padded.join("\n")}\n`;
}
