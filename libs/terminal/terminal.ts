import { createInterface } from "node:readline/promises";

/**
 * What a person at a terminal sees: results on standard output, everything else on standard error.
 * The only file that writes to them, beside the log.
 */
export function print(text: string): void {
  process.stdout.write(text);
}

export function printError(text: string): void {
  process.stderr.write(text);
}

/** Bytes as they are, for a result that may be no text. */
export function printBytes(bytes: Uint8Array): void {
  process.stdout.write(bytes);
}

/** Asks a person for one line; null when nobody is there to answer. The question goes to standard error. */
export async function ask(question: string): Promise<string | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D are answers, too: nothing.
  const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

/** The stream a live view may draw on, or null when nobody is watching (a pipe, a file, CI). */
export function liveStream(): NodeJS.WriteStream | null {
  if (process.stdout.isTTY) return process.stdout;
  return null;
}

/** Whether a person watches the error output, where progress belongs when the results go elsewhere. */
export function isErrorOutputWatched(): boolean {
  return process.stderr.isTTY === true;
}

export function commandLineArguments(): readonly string[] {
  return process.argv.slice(2);
}
