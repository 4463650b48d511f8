import type { Output } from "#services/cli/shared/parse-command.ts";

export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command and keeps what it printed. */
export async function captured(run: (output: Output) => Promise<number>): Promise<Captured> {
  let out = "";
  let err = "";
  const code = await run({
    print: (text) => {
      out += text;
    },
    printError: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}
