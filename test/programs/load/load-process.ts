import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { type LogTail, openLogTail } from "./log-tail.ts";
import {
  type FromProcess,
  type HeapSample,
  type SharedTime,
  TIME_VARIABLE,
  type ToProcess,
} from "./protocol.ts";

export interface LoadProcessOptions {
  /** Names it in tables and names its log file, for example `analyzer 2`. */
  readonly name: string;
  /** The bundle that an image runs. */
  readonly bundle: string;
  readonly args?: readonly string[];
  /** The bundled `preload.ts`. */
  readonly preload: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly time: SharedTime;
  readonly logFolder: string;
}

/** A bundle in a process of its own, on the clock of the run. */
export interface LoadProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: LogTail;
  readonly logFile: string;
  readonly exited: Promise<number | string>;
  /** Resolves when the process has taken the time; waits that it skips have then ended. */
  setTime(time: SharedTime): Promise<void>;
  /** Collects garbage first. */
  sample(): Promise<HeapSample>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

const ANSWER_WITHIN_MS = 60_000;

type Command = ToProcess extends infer Message
  ? Message extends ToProcess
    ? Omit<Message, "id">
    : never
  : never;

export function startLoadProcess(options: LoadProcessOptions): LoadProcess {
  const { name } = options;
  const logFile = join(options.logFolder, `${name.replaceAll(" ", "-")}.log`);
  const fd = openSync(logFile, "a");
  const child: ChildProcess = spawn(
    process.execPath,
    ["--expose-gc", "--import", options.preload, options.bundle, ...(options.args ?? [])],
    {
      env: {
        PATH: process.env.PATH ?? "",
        [TIME_VARIABLE]: JSON.stringify(options.time),
        ...options.environment,
      },
      stdio: ["ignore", fd, fd, "ipc"],
    },
  );
  let nextId = 0;
  const asked = new Map<number, { resolve: (answer: FromProcess) => void; reject: (error: Error) => void }>();
  child.on("message", (message: FromProcess) => {
    asked.get(message.id)?.resolve(message);
    asked.delete(message.id);
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      resolve(code ?? signal ?? "unknown");
      for (const { reject } of asked.values()) reject(new Error(`${name} has ended, see ${logFile}`));
    });
  });

  function ask(command: Command): Promise<FromProcess> {
    const id = nextId++;
    return new Promise<FromProcess>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${name} does not answer, see ${logFile}`)),
        ANSWER_WITHIN_MS,
      );
      asked.set(id, {
        resolve: (answer) => {
          clearTimeout(late);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(late);
          reject(error);
        },
      });
      child.send({ ...command, id }, (error) => {
        if (error !== null) asked.get(id)?.reject(error);
      });
    });
  }

  if (child.pid === undefined) throw new Error(`${name} could not be started`);
  return {
    name,
    pid: child.pid,
    log: openLogTail(logFile),
    logFile,
    exited,
    async setTime({ simulatedMs, monotonicNs, untilMs }) {
      await ask({ kind: "time", simulatedMs, monotonicNs, untilMs });
    },
    async sample() {
      const answer = await ask({ kind: "sample" });
      if (answer.kind !== "sample") throw new Error(`${name} gave another answer than was asked for`);
      return answer;
    },
    kill: (signal) => {
      child.kill(signal);
    },
  };
}
