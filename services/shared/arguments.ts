import { resolve } from "node:path";
import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { parseMoment } from "#libs/config/moment.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
import { STANDARD_INPUT } from "#libs/recordings/source/open-source.ts";
import { shortComplaint } from "./short-complaint.ts";

/** Parses an option's value: a whole number in plain digits. */
export function wholeNumber(min: number, max: number) {
  return (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new InvalidArgumentError(
        `expected a whole number from ${min} to ${max}, not ${shownValue(value)}`,
      );
    }
    return number;
  };
}

/** Parses `--speed`: how many times faster than real time; 0 stops the clock. */
export function speed(value: string): number {
  const number = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || number > 1000) {
    throw new InvalidArgumentError(`expected a number from 0 to 1000, not ${shownValue(value)}`);
  }
  return number;
}

/** Parses `--from`: milliseconds since the epoch; without a time zone it is UTC. */
export function moment(value: string): number {
  const ms = parseMoment(value);
  if (ms === null) {
    throw new InvalidArgumentError(
      `expected a timestamp such as 2026-01-15T12:00:30Z, not ${shownValue(value)}`,
    );
  }
  return ms;
}

/** A file or folder as a person wrote it, seen from the folder they called from. Standard input stays what it is. */
export function callersPath(folder: string, path: string): string {
  return path === STANDARD_INPUT ? path : resolve(folder, path);
}

/**
 * Refuses an option that is given twice, of which the first value would be lost. Options that take a list, by
 * repetition (their default is a list) or by several values, are not meant.
 */
export function refuseRepeatedOptions(command: Command): void {
  for (const option of command.options) {
    if (option.variadic || Array.isArray(option.defaultValue)) continue;
    let given = false;
    command.on(`option:${option.name()}`, () => {
      if (given) command.error(`error: option '${option.long ?? option.flags}' is given twice`);
      given = true;
    });
  }
}

/**
 * Parses the options of a command that runs as a service. Returns null after `--help`, which has been printed.
 * @throws ConfigurationError with the invalid option.
 */
export function parseArguments<Options extends object>(
  command: Command,
  args: readonly string[],
  print: (text: string) => void,
): Options | null {
  let complaint = "";
  command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: (text) => {
        complaint = text.trim();
      },
    });
  refuseRepeatedOptions(command);
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    throw new ConfigurationError(shortComplaint(complaint || error.message), { cause: error });
  }
  return command.opts<Options>();
}
