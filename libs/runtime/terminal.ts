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

/** The stream a live view may draw on, or null when nobody is watching (a pipe, a file, CI). */
export function liveStream(): NodeJS.WriteStream | null {
  if (process.stdout.isTTY) return process.stdout;
  return null;
}

export function commandLineArguments(): readonly string[] {
  return process.argv.slice(2);
}
