import { inspect } from "node:util";
import fc from "fast-check";
import type { FuzzedParser } from "./fuzzed-parser.ts";
import { startWatchdog } from "./watchdog.ts";

export interface FuzzRun {
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
  /** What went wrong, the smallest input found for it, and how to see it again; null when nothing did. */
  readonly failure: string | null;
}

/** Gives a parser so many generated inputs. The same seed gives the same ones. */
export async function runParser(parser: FuzzedParser, inputs: number, seed: number): Promise<FuzzRun> {
  const startMs = performance.now();
  const replay = `npm run fuzz -- --only "${parser.name}" --seed ${seed} --inputs ${inputs}`;
  const watchdog = startWatchdog(parser.name, replay);
  const opened = await parser.open();
  let accepted = 0;
  let refused = 0;
  try {
    const property = opened.property((verdict) => {
      watchdog.beat();
      if (verdict.kind === "accepted") accepted++;
      else refused++;
    });
    const run = await fc.check(property, { numRuns: inputs, seed });
    return {
      inputs: run.numRuns,
      accepted,
      refused,
      seconds: (performance.now() - startMs) / 1_000,
      failure: run.failed ? described(run, replay) : null,
    };
  } finally {
    await opened.close();
    await watchdog.close();
  }
}

function described(run: fc.RunDetails<[unknown]>, replay: string): string {
  const error: unknown = run.errorInstance;
  const input = inspect(run.counterexample?.[0], {
    depth: 6,
    maxStringLength: 300,
    maxArrayLength: 20,
    breakLength: 120,
  });
  return [
    error instanceof Error
      ? (error.stack ?? error.message).split("\n").slice(0, 12).join("\n").slice(0, 1_500)
      : String(error),
    `input: ${input.length > 1_500 ? `${input.slice(0, 1_500)}... (${input.length} characters)` : input}`,
    `again: ${replay}`,
  ].join("\n");
}
