import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { ScoreTable } from "#libs/backtest/search/score.ts";
import type { ParameterValues } from "#libs/backtest/search/search-space.ts";
import { MOST_SETS_A_WALK, type SearchTask } from "./scan-sets.ts";
import type { Order, Report } from "./search-worker.ts";
import { sharedCandles, sharedMarket } from "./shared-market.ts";

/** Batches of each thread: enough that no thread waits long for the last one, few enough to share work in a batch. */
const ORDERS_A_THREAD = 4;
/** Sets of a batch: fewer share too little work. */
const LEAST_SETS = 32;

/**
 * Scores the sets of a search on several threads. Which thread scores which set changes nothing.
 * @param onDone is called with the part of the work that is done, 0 to 1.
 */
export async function scoreOnThreads(
  task: SearchTask,
  sets: readonly ParameterValues[],
  threads: number,
  onDone: (part: number) => void,
): Promise<ScoreTable> {
  const code = await workerCode();
  const workerData: SearchTask = {
    ...task,
    market: sharedMarket(task.market),
    detail: task.detail === undefined ? undefined : sharedCandles(task.detail),
  };
  const table = new ScoreTable(sets.length, task.segments.length);
  const orders = ordersOf(sets, threads);
  const underWay = new Map<Worker, number>();
  let scored = 0;
  const workers = Array.from(
    { length: Math.min(threads, orders.length) },
    () => new Worker(code, { eval: true, workerData }),
  );
  try {
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            let current: { readonly first: number; readonly sets: readonly ParameterValues[] } | undefined;
            worker.once("error", reject);
            worker.once("exit", (code) => reject(new Error(`a thread of the search ended with ${code}`)));
            worker.on("message", (report: Report) => {
              if (report.kind === "progress") {
                underWay.set(worker, report.done * (current?.sets.length ?? 0));
              } else {
                if (report.kind === "scores" && current !== undefined) {
                  table.putAll(
                    current.first,
                    new ScoreTable(current.sets.length, task.segments.length, report.column),
                  );
                  scored += current.sets.length;
                }
                underWay.delete(worker);
                current = orders.shift();
                if (current === undefined) return resolve();
                worker.postMessage({ sets: current.sets } satisfies Order);
              }
              onDone((scored + [...underWay.values()].reduce((sum, part) => sum + part, 0)) / sets.length);
            });
          }),
      ),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return table;
}

function ordersOf(sets: readonly ParameterValues[], threads: number) {
  const even = Math.ceil(sets.length / (threads * ORDERS_A_THREAD));
  const size = Math.min(MOST_SETS_A_WALK, Math.max(LEAST_SETS, even));
  // Each thread gets one batch at least.
  const length = Math.min(size, Math.ceil(sets.length / threads));
  return Array.from({ length: Math.ceil(sets.length / length) }, (_, k) => ({
    first: k * length,
    sets: sets.slice(k * length, (k + 1) * length),
  }));
}

/** One file of plain JavaScript: a thread does not inherit the loader that reads TypeScript. */
async function workerCode(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("search-worker.ts", import.meta.url))],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node20",
    keepNames: true,
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("the search's thread has no code");
  return file.text;
}
