import { parentPort, workerData } from "node:worker_threads";
import type { ParameterValues } from "#libs/backtest/search/search-space.ts";
import { findStrategy } from "#libs/strategy/registry.ts";
import { makeStudy } from "#libs/strategy/study.ts";
import { type SearchTask, scanSets } from "./scan-sets.ts";

/** From the main thread: score these sets. */
export interface Order {
  readonly sets: readonly ParameterValues[];
}

/** To the main thread: ready for a batch, progress (`done` is a part of the batch), or the scores of the batch. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly done: number }
  | { readonly kind: "scores"; readonly column: Float64Array<ArrayBuffer> };

/** Progress reports of a batch, so that the main thread is not flooded with them. */
const REPORTS = 50;

// The main thread starts this file with a task and nothing else.
const task = workerData as SearchTask;
const port = parentPort;
const strategy = findStrategy(task.strategy);
if (port === null || strategy === undefined)
  throw new Error("started without a task or with an unknown strategy");
const study = makeStudy(task.market);
const send = (report: Report): void => port.postMessage(report);

port.on("message", ({ sets }: Order) => {
  let reported = 0;
  const { column } = scanSets(task, { study, strategy }, sets, (done, total) => {
    if (done / total < (reported + 1) / REPORTS) return;
    reported = Math.floor((done / total) * REPORTS);
    send({ kind: "progress", done: done / total });
  });
  send({ kind: "scores", column });
});
send({ kind: "ready" });
