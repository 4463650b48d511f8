import { createInterface } from "node:readline/promises";

/**
 * Terminal output: results on standard output, everything else on standard error. The only file that writes to them
 * besides the log.
 */
export function print(text: string): void {
  process.stdout.write(text);
}

export function printError(text: string): void {
  process.stderr.write(text);
}

/** Writes bytes unchanged, for a result that may not be text. */
export function printBytes(bytes: Uint8Array): void {
  process.stdout.write(bytes);
}

/** Prompts for one line on standard error; null without an interactive terminal. */
export async function ask(question: string): Promise<string | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D count as an empty answer.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

/** The stream for a live view, or null if it is not a terminal (a pipe, a file, CI). */
export function liveStream(): NodeJS.WriteStream | null {
  if (process.stdout.isTTY) return process.stdout;
  return null;
}

/** Whether standard error is a terminal, where progress is shown when the results go elsewhere. */
export function isErrorOutputWatched(): boolean {
  return process.stderr.isTTY === true;
}

export function commandLineArguments(): readonly string[] {
  return process.argv.slice(2);
}
