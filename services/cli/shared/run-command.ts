import { type Command, CommanderError } from "commander";
import { InputError } from "#libs/recordings/input-error.ts";
import { shortComplaint } from "#services/shared/short-complaint.ts";

/** Where a command writes: results, and everything else. */
export interface Output {
  print(text: string): void;
  printError(text: string): void;
}

/** The exit code for what a person gave and cannot be used. */
const EXIT_REFUSED = 2;

/**
 * Parses a command line and does what it asks for. A refusal prints one sentence on the error output and nothing on
 * the other, unless something was done before it.
 * @param act answers the exit code.
 * @returns that exit code, 0 for `--help`, or 2 when arguments or files cannot be used.
 */
export async function runCommand<Options extends object>(
  command: Command,
  args: readonly string[],
  output: Output,
  act: (options: Options) => Promise<number>,
): Promise<number> {
  for (const one of [command, ...command.commands]) {
    one
      .allowExcessArguments(false)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => output.print(text),
        writeErr: (text) => output.printError(shortComplaint(text)),
      });
  }
  try {
    command.parse(args, { from: "user" });
    return await act(command.opts<Options>());
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_REFUSED;
    if (!(error instanceof InputError)) throw error;
    output.printError(`${command.name()}: ${shortComplaint(error.message)}\n`);
    return EXIT_REFUSED;
  }
}
