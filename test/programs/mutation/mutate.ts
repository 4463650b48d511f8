/**
 * Changes the strategy core and the backtest in thousands of small ways, and counts the changes that a test notices:
 * `npm run mutate`, or `npm run mutate -- statistics` for one part. What was tried before and has not changed since is not
 * tried again. `reports/mutation` has a page for each part, with the changes that nobody noticed.
 */

import { readdirSync } from "node:fs";
import path from "node:path";
import type { MutantResult } from "@stryker-mutator/api/core";
import { Stryker } from "@stryker-mutator/core";
import { commandLineArguments, print, printError } from "#libs/terminal/terminal.ts";
import { PARTS, type Part } from "./parts.ts";
import { scoreOf, scoreTable } from "./score.ts";

const REPORTS = "reports/mutation";
/** Percent of all mutants that the tests must notice. */
const LEAST_SCORE = 85;

const asked = commandLineArguments();
const unknown = asked.find((name) => !PARTS.some((part) => part.name === name));
if (unknown !== undefined) {
  printError(`mutate: there is no part ${unknown}, only ${PARTS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const files = ["libs", "test"].flatMap((root) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => path.posix.join(entry.parentPath.replaceAll(path.sep, "/"), entry.name)),
);
const codeOf = ({ folders }: Part) => files.filter((file) => folders.includes(path.posix.dirname(file)));
const forgotten = files
  .filter((file) => /^libs\/(candles|strategy|trading|backtest)\//.test(file))
  .find((file) => !PARTS.some((part) => codeOf(part).includes(file)));
if (forgotten !== undefined) throw new Error(`${forgotten} is in no part of test/programs/mutation/parts.ts`);

const results: { readonly part: Part; readonly mutants: readonly MutantResult[] }[] = [];
for (const part of PARTS.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  const stryker = new Stryker({
    mutate: codeOf(part),
    testFiles: files.filter((file) => part.tests.test(file)),
    plugins: ["./test/programs/mutation/loaded-tests.ts", "./test/programs/mutation/message-texts.ts"],
    testRunner: "loaded-tests",
    testRunnerNodeArgs: ["--import", "tsx"],
    ignorers: ["message-texts"],
    coverageAnalysis: "perTest",
    // Tables of constants, made while a module is loaded: each change of one would need a process of its own, which takes a
    // hundred times as long as a change in a rule. Their values are held by the recorded results in `golden`.
    ignoreStatic: true,
    incremental: true,
    incrementalFile: `${REPORTS}/${part.name}.json`,
    concurrency: 2,
    timeoutMS: 10_000,
    // Stryker would rewrite the paths in it with TypeScript's API, which TypeScript 7 does not have. No test reads it.
    tsconfigFile: "none",
    ignorePatterns: ["dist", "cdk.out", "infra"],
    reporters: ["clear-text", "progress", "html"],
    clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: false },
    htmlReporter: { fileName: `${REPORTS}/${part.name}.html` },
  });
  results.push({ part, mutants: await stryker.runMutationTest() });
}

const all = scoreOf(
  "all",
  results.flatMap(({ mutants }) => mutants),
);
print(scoreTable([...results.map(({ part, mutants }) => scoreOf(part.name, mutants)), all]));
if ((all.percent ?? 0) < LEAST_SCORE) {
  printError(`mutate: the score is below ${LEAST_SCORE} %\n`);
  process.exitCode = 1;
}
