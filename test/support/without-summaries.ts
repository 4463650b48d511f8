/** What a command wrote on its error output, but for the lines that say how it understood its files. */
export function withoutSummaries(err: string): string {
  return err
    .split("\n")
    .filter((line) => !/^[\w-]+: read /.test(line))
    .join("\n");
}
