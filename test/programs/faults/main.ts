import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { monotonicMs } from "#libs/runtime/clock.ts";
import { runService } from "#libs/runtime/lifecycle.ts";
import { syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { commandLineArguments, print } from "#libs/terminal/terminal.ts";
import { parseArguments, wholeNumber } from "#services/shared/arguments.ts";
import { describeSchedule } from "./faults.ts";
import { makeReference } from "./reference.ts";
import { runSeed, type Verdict } from "./run-seed.ts";
import { makeSchedule } from "./schedule.ts";
import { buildPrograms, openStage } from "./stage.ts";

interface Options {
  readonly seeds: number;
  readonly seed?: number;
  readonly first: number;
  readonly lanes: number;
}

const REPORTS = "reports/faults";

/** The limits of a run's phases and stops: what has not ended by then stands still, or as good as. */
const RUN_LIMIT_MS = 600_000;

await runService("faults", async (scope) => {
  const command = new Command("npm run faults --")
    .description("The four services as processes under seeded schedules of faults; see README, Faults.")
    .option("--seeds <number>", "how many seeds to run", wholeNumber(1, 100_000), 20)
    .option("--seed <number>", "only this one", wholeNumber(0, 4_294_967_295))
    .option("--first <number>", "the first of them", wholeNumber(0, 4_294_967_295), 1)
    .option(
      "--lanes <number>",
      "runs at the same time, each with a broker of its own",
      wholeNumber(1, 16),
      2,
    );
  const given = parseArguments<Options>(command, commandLineArguments(), print);
  if (given === null) return 0;
  const seeds =
    given.seed === undefined ? Array.from({ length: given.seeds }, (_, i) => given.first + i) : [given.seed];
  const lanes = Math.min(given.lanes, seeds.length);

  const startedMs = monotonicMs();
  print("building the services, and a run without faults to compare with\n");
  const source = syntheticExchange();
  const programs = scope.own(await buildPrograms(), (built) => built.remove());
  const reference = await makeReference(source);
  const { totalTasks } = reference.scan;
  print(
    `${totalTasks} tasks, ${reference.signals.length} signals, ${reference.positions.length} entries; ` +
      `${seeds.length} seeds, ${lanes} at a time\n`,
  );

  const verdicts: Verdict[] = [];
  const left = [...seeds];
  async function lane(): Promise<void> {
    const newStage = async () => scope.own(await openStage(source), (opened) => opened.close());
    let stage = await newStage();
    for (let seed = left.shift(); seed !== undefined && !scope.stopping.aborted; seed = left.shift()) {
      const schedule = makeSchedule(seed);
      const verdict = await endOf(seed, runSeed(stage, programs.folder, reference, schedule));
      verdicts.push(verdict);
      const wrong = verdict.violations.length;
      print(
        `seed ${seed}  ${(verdict.milliseconds / 1_000).toFixed(1)} s  ${wrong === 0 ? "passed" : "FAILED"}  ` +
          `${shownCounts(verdict.struck)}\n`,
      );
      if (wrong > 0) {
        print(`${describeSchedule(schedule)}\n`);
        for (const { invariant, what } of verdict.violations) print(`  BROKEN: ${invariant}: ${what}\n`);
        if (verdict.ends.length > 0) print(`  outputs of its processes: ${await writeOutputs(verdict)}\n`);
        print(`  again: npm run faults -- --seed ${seed}\n`);
        // What has failed may have left anything behind. A run that stands still may still act on its stage, which then
        // stays until the end.
        if (verdict.hasEnded) await stage.close().catch((error) => print(`  its stage: ${String(error)}\n`));
        if (left.length > 0) stage = await newStage();
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));

  const failed = verdicts.filter((verdict) => verdict.violations.length > 0);
  const minutes = ((monotonicMs() - startedMs) / 60_000).toFixed(1);
  print(`faults that struck: ${shownCounts(sum(verdicts.map(({ struck }) => struck)))}\n`);
  print(`${verdicts.length - failed.length} passed, ${failed.length} failed, ${minutes} minutes\n`);
  for (const { seed } of failed) print(`again: npm run faults -- --seed ${seed}\n`);
  return failed.length === 0 && verdicts.length === seeds.length ? 0 : 1;
});

/** A run that fails to end, or ends with an error of the harness, is a failed run: the others go on. */
async function endOf(seed: number, run: Promise<Verdict>): Promise<Verdict> {
  const startedMs = monotonicMs();
  const failed = (what: string, hasEnded: boolean): Verdict => ({
    seed,
    hasEnded,
    milliseconds: monotonicMs() - startedMs,
    violations: [{ invariant: "the run comes to its end", what }],
    struck: {},
    ends: [],
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((resolve) => {
    timer = setTimeout(
      () => resolve(failed(`it stands still after ${RUN_LIMIT_MS / 1_000} s`, false)),
      RUN_LIMIT_MS,
    );
  });
  try {
    return await Promise.race([run.catch((error) => failed(String(error?.stack ?? error), true)), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function writeOutputs({ seed, ends }: Verdict): Promise<string> {
  await mkdir(REPORTS, { recursive: true });
  const file = join(REPORTS, `seed-${seed}.log`);
  const text = ends.map(
    ({ worker, end, sent, output }) => `== ${worker} ended with ${end} (${sent})\n${output}`,
  );
  await writeFile(file, text.join("\n"));
  return file;
}

function shownCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, times]) => times > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, times]) => `${kind} ${times}`)
    .join(", ");
}

function sum(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [kind, times] of Object.entries(counts)) total[kind] = (total[kind] ?? 0) + times;
  }
  return total;
}
