import { Worker } from "node:worker_threads";

/** What the thread runs: plain JavaScript, for a thread has no loader of TypeScript of its own. */
const THREAD = `
const { workerData, parentPort } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const beats = new Int32Array(workerData.memory);
let last = -1;
const timer = setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== last) { last = now; return; }
  writeSync(2, "\\n" + workerData.what + ": input " + now + " is not done after " + workerData.limitMs + " ms; " + workerData.replay + "\\n");
  process.kill(process.pid, "SIGKILL");
}, workerData.limitMs);
parentPort.once("message", () => clearInterval(timer));
`;

export interface Watchdog {
  /** The next input begins. */
  beat(): void;
  close(): Promise<void>;
}

/**
 * Ends the process with a message when one input takes longer than the limit: a parser that does not come back
 * cannot be interrupted from its own thread.
 */
export function startWatchdog(what: string, replay: string, limitMs = 20_000): Watchdog {
  const memory = new SharedArrayBuffer(4);
  const beats = new Int32Array(memory);
  const worker = new Worker(THREAD, { eval: true, workerData: { memory, what, replay, limitMs } });
  return {
    beat() {
      Atomics.add(beats, 0, 1);
    },
    async close() {
      await worker.terminate();
    },
  };
}
