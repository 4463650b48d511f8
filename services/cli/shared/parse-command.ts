import { type Command, CommanderError } from "commander";
import { ConfigurationError } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { refuseRepeatedOptions } from "#services/shared/arguments.ts";
import { shortComplaint } from "#services/shared/short-complaint.ts";
import { StrategyFailure } from "./strategy-failure.ts";

/** Where a command writes: results, and everything else. */
export interface Output {
  print(text: string): void;
  printError(text: string): void;
}

/** What surrounds a command: its output, the variables, and the folder that relative paths start from. */
export interface CommandContext extends Output {
  /** Default: no variable is set. */
  readonly environment?: Environment;
  /** Default: the working folder. */
  readonly folder?: string;
}

/** The exit code for arguments, settings and files that cannot be used. */
export const EXIT_REFUSED = 2;
/** The exit code for a strategy that throws. */
const EXIT_FAILED = 1;

/**
 * Parses a command line.
 * @throws CommanderError after `--help` or a complaint, which has been printed: see `exitCodeOf`.
 */
export function parseCommand<Options extends object>(
  command: Command,
  args: readonly string[],
  output: Output,
): Options {
  for (const one of [command, ...command.commands]) {
    one
      .allowExcessArguments(false)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => output.print(text),
        writeErr: (text) => output.printError(shortComplaint(text)),
      });
    refuseRepeatedOptions(one);
  }
  command.parse(args, { from: "user" });
  return command.opts<Options>();
}

/**
 * The exit code of a command that ended with an error: 0 after `--help`, 2 for what a person gave and cannot be used, 1
 * for a strategy that throws. A refusal is printed as one sentence on the error output. Any other error is thrown again.
 */
export function exitCodeOf(error: unknown, name: string, output: Output): number {
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_REFUSED;
  const isRefusal = error instanceof InputError || error instanceof ConfigurationError;
  if (!isRefusal && !(error instanceof StrategyFailure)) throw error;
  output.printError(`${name}: ${shortComplaint(error.message)}\n`);
  return isRefusal ? EXIT_REFUSED : EXIT_FAILED;
}
