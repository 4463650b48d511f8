import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServiceName } from "#services/manifests.ts";
import { eventually } from "#test/support/eventually.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** One service as its own process, as a container runs it. */
export interface ServiceProcess {
  /** What it has logged so far. */
  lines(): readonly LogLine[];
  /** Both outputs, as they came. */
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Waits for a log line; for tests that must act at a certain moment, never as the thing that is tested. */
  said(message: string): Promise<LogLine>;
}

/** Starts a service with the given variables and nothing else of this process's environment but PATH and HOME. */
export function startService(name: ServiceName, environment: Record<string, string>): ServiceProcess {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--no-warnings", "--import", "tsx", join("services", name, "main.ts")],
    {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  const lines = (): LogLine[] =>
    output
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as LogLine);
  return {
    lines,
    output: () => output,
    exited,
    kill: (signal) => {
      child.kill(signal);
    },
    said: (message) =>
      eventually(
        `${name} says "${message}"; it said:\n${output.slice(-2_000)}`,
        () => lines().find((line) => line.msg === message),
        {
          timeoutMs: 60_000,
        },
      ),
  };
}
