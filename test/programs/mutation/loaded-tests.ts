import { existsSync, renameSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { InstrumenterContext, MutantCoverage, StrykerOptions } from "@stryker-mutator/api/core";
import { commonTokens, declareFactoryPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import { build } from "esbuild";
import type { CollectedTest } from "./collected-tests.ts";

/** What mutated code reads and writes while it runs. */
const state: InstrumenterContext = {};

/**
 * One module of all tests and the mutated code they import; `vitest` in it is `collected-tests.ts`. In Stryker's copy of the
 * project, which becomes the working directory only after this file is loaded.
 */
const BUNDLE = ".mutated-tests.mjs";

/**
 * Stryker's limit is a hundred times as often as all tests together run the changed place, which in a loop over candles takes
 * minutes. Five times as often is endless as well.
 */
const PATIENCE = 20;

/**
 * Runs the tests of pure code in this very process, again and again: a mutant is a switch in code that is loaded once.
 * Stryker's own runner starts a worker for each mutant and loads everything anew, which takes a hundred times as long
 * as tests of numbers do. A mutant in code that runs while a module is loaded gets a process of its own (Stryker sees
 * to that), as does whatever runs after an endless loop.
 */
class LoadedTests implements TestRunner {
  readonly #files: readonly string[];
  #tests: readonly CollectedTest[] | null = null;
  /** How long each test took last: the quick ones get the first chance to fail. */
  readonly #durations = new Map<string, number>();

  constructor(options: StrykerOptions) {
    this.#files = options.testFiles ?? [];
    Object.assign(globalThis, { __stryker__: state });
  }

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: false };
  }

  async dryRun(): Promise<DryRunResult> {
    const coverage: MutantCoverage = { static: {}, perTest: {} };
    state.mutantCoverage = coverage;
    const tests = await this.#run(await this.#load(), false);
    return { status: DryRunStatus.Complete, tests, mutantCoverage: coverage };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { testFilter, hitLimit, activeMutant, disableBail } = options;
    // Before the code is loaded: a mutant that runs then comes to a new process, and to any other this is the same.
    state.activeMutant = activeMutant.id;
    const tests = await this.#load();
    if (hitLimit !== undefined) {
      state.hitLimit = hitLimit / PATIENCE;
      state.hitCount = 0;
    }
    // Names of tests, or of files where all tests are asked for.
    const wanted = testFilter === undefined ? null : new Set(testFilter);
    const results = await this.#run(
      tests.filter(({ id, file }) => wanted === null || wanted.has(id) || wanted.has(resolve(file))),
      !disableBail,
    );
    const endless = determineHitLimitReached(state.hitCount, state.hitLimit);
    for (const key of ["activeMutant", "hitLimit", "hitCount"] as const) delete state[key];
    return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests: results });
  }

  async #run(tests: readonly CollectedTest[], bail: boolean): Promise<TestResult[]> {
    const duration = ({ id }: CollectedTest) => this.#durations.get(id) ?? 0;
    const results: TestResult[] = [];
    for (const test of tests.toSorted((a, b) => duration(a) - duration(b))) {
      state.currentTestId = test.id;
      const startedMs = performance.now();
      const failureMessage = await failureOf(test);
      const timeSpentMs = performance.now() - startedMs;
      this.#durations.set(test.id, timeSpentMs);
      const result = { id: test.id, name: test.id, fileName: resolve(test.file), timeSpentMs };
      if (failureMessage === null) results.push({ ...result, status: TestStatus.Success });
      else results.push({ ...result, status: TestStatus.Failed, failureMessage });
      if (bail && failureMessage !== null) break;
    }
    delete state.currentTestId;
    return results;
  }

  async #load(): Promise<readonly CollectedTest[]> {
    if (this.#tests !== null) return this.#tests;
    if (!existsSync(resolve(BUNDLE))) await bundle(this.#files);
    const loaded: { collectedTests(): readonly CollectedTest[] } = await import(
      pathToFileURL(resolve(BUNDLE)).href
    );
    this.#tests = loaded.collectedTests();
    return this.#tests;
  }
}

/** Null when the test passes. */
async function failureOf(test: CollectedTest): Promise<string | null> {
  try {
    await test.run();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function bundle(files: readonly string[]): Promise<void> {
  const collector = resolve("test/programs/mutation/collected-tests.ts");
  const loads = files.flatMap((file) => [
    `enterFile(${JSON.stringify(file)});`,
    `await import(${JSON.stringify(`./${file}`)});`,
  ]);
  const contents = [`import { collectedTests, enterFile } from ${JSON.stringify(collector)};`, ...loads];
  // Two processes may come here at once; each replaces the file as a whole.
  const draft = resolve(`${BUNDLE}.${process.pid}`);
  await build({
    stdin: { contents: `${contents.join("\n")}\nexport { collectedTests };`, resolveDir: resolve(".") },
    // Not where the process began, which esbuild would take.
    absWorkingDir: resolve("."),
    outfile: draft,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    plugins: [
      {
        name: "tests are collected",
        setup: (plugin) => {
          plugin.onResolve({ filter: /^vitest$/ }, ({ importer }) =>
            importer === collector ? { path: "vitest", external: true } : { path: collector },
          );
        },
      },
    ],
  });
  renameSync(draft, resolve(BUNDLE));
}

const makeLoadedTests = Object.assign((options: StrykerOptions) => new LoadedTests(options), {
  inject: tokens(commonTokens.options),
});

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, "loaded-tests", makeLoadedTests)];
