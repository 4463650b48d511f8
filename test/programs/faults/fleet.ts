import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { monotonicMs } from "#libs/runtime/clock.ts";
import type { ServiceName } from "#services/manifests.ts";
import type { WorkerName } from "./faults.ts";

/** How a process ended. */
export interface ProcessEnd {
  readonly worker: WorkerName;
  /** The exit code, or the name of the signal that ended it. */
  readonly end: number | string;
  /** What the harness had sent to it; the last one counts. */
  readonly sent: "SIGKILL" | "SIGTERM" | null;
  /** From the SIGTERM to the end; null without one. */
  readonly stopMs: number | null;
  /** Both outputs. */
  readonly output: string;
}

export interface FleetOptions {
  /** Folder with the services' bundles. */
  readonly programs: string;
  /** Asked at each start: a replaced worker may get other variables. */
  readonly environment: (worker: WorkerName, start: number) => Record<string, string>;
}

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<ProcessEnd>;
  sent: ProcessEnd["sent"];
  /** When it was told to stop. */
  termMs: number | null;
}

/**
 * The workers of a run as processes. One that ends is replaced at once, as a container service does; scanners and
 * selectors are tasks that run once, so they are replaced until they have ended well.
 */
export interface Fleet {
  start(worker: WorkerName): void;
  signal(worker: WorkerName, signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): void;
  /** Whether the task (scanner, selector) has ended with 0. */
  isDone(worker: WorkerName): boolean;
  /** Every process that has ended. */
  readonly ends: readonly ProcessEnd[];
  /** Replaces nobody any more, stops all with SIGTERM, and kills what does not end within the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

/** Longer than this nobody needs to start again what fails at once. */
const MOST_STARTS = 12;

export function serviceOf(worker: WorkerName): ServiceName {
  if (worker.startsWith("analyzer")) return "analyzer";
  if (worker.startsWith("finder")) return "finder";
  return worker.startsWith("scanner") ? "scanner" : "selector";
}

export function makeFleet({ programs, environment }: FleetOptions): Fleet {
  const running = new Map<WorkerName, Running>();
  const starts = new Map<WorkerName, number>();
  const done = new Set<WorkerName>();
  const ends: ProcessEnd[] = [];
  let stopping = false;
  // However the harness ends, it leaves no process behind.
  const killAll = () => {
    for (const { child } of running.values()) child.kill("SIGKILL");
  };
  process.once("exit", killAll);

  function start(worker: WorkerName): void {
    const count = starts.get(worker) ?? 0;
    starts.set(worker, count + 1);
    const service = serviceOf(worker);
    const child = spawn(process.execPath, ["--no-warnings", join(programs, `${service}.mjs`)], {
      cwd: programs,
      env: { PATH: process.env.PATH ?? "", HOME: programs, ...environment(worker, count) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const exited = new Promise<ProcessEnd>((resolve) => {
      child.once("close", (code, signal) => {
        // Who is killed while he stops may have just ended by himself, which leaves a code and no signal.
        const sent = code !== null && one.termMs !== null ? "SIGTERM" : one.sent;
        const end: ProcessEnd = {
          worker,
          end: code ?? signal ?? "unknown",
          sent,
          stopMs: sent === "SIGTERM" && one.termMs !== null ? monotonicMs() - one.termMs : null,
          output,
        };
        ends.push(end);
        if (running.get(worker) === one) running.delete(worker);
        resolve(end);
        replace(worker, end);
      });
    });
    const one: Running = { child, exited, sent: null, termMs: null };
    running.set(worker, one);
  }

  function replace(worker: WorkerName, end: ProcessEnd): void {
    const service = serviceOf(worker);
    const isTask = service === "scanner" || service === "selector";
    // A task that was stopped has not done its work, though it ended well.
    if (isTask && end.end === 0 && end.sent === null) done.add(worker);
    if (stopping || done.has(worker) || (starts.get(worker) ?? 0) >= MOST_STARTS) return;
    start(worker);
  }

  return {
    start,
    signal(worker, signal) {
      const one = running.get(worker);
      if (one === undefined) return;
      // It is ending already; a second SIGTERM would end it at once, with another code.
      if (signal === "SIGTERM" && one.sent !== null) return;
      if (signal === "SIGKILL" || signal === "SIGTERM") one.sent = signal;
      if (signal === "SIGTERM") one.termMs = monotonicMs();
      one.child.kill(signal);
    },
    isDone: (worker) => done.has(worker),
    ends,
    async stop(deadlineMs) {
      stopping = true;
      const left = [...running.entries()];
      for (const [worker] of left) {
        this.signal(worker, "SIGCONT");
        this.signal(worker, "SIGTERM");
      }
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          for (const [, { child }] of left) child.kill("SIGKILL");
          resolve();
        }, deadlineMs);
      });
      const all = Promise.all(left.map(([, { exited }]) => exited));
      await Promise.race([all, late]);
      clearTimeout(timer);
      await all;
      process.off("exit", killAll);
    },
  };
}
