import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** A program of this project in its own process. */
export interface Program {
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code, or the signal's name, when both outputs have ended. */
  readonly exited: Promise<number | string>;
  kill(signal: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
}

/** Starts a TypeScript file with the given variables and nothing else of this process's environment but PATH and HOME. */
export function startProgram(
  file: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Program {
  return run(process.execPath, ["--no-warnings", "--import", "tsx", file, ...args], environment);
}

/** The same through npm, as a person starts it. */
export function startNpm(args: readonly string[], environment: Readonly<Record<string, string>>): Program {
  return run("npm", args, environment);
}

function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Program {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    exited: new Promise((resolve) => {
      child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
    }),
    kill: (signal) => {
      child.kill(signal);
    },
  };
}
