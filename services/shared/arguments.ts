import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { parseMoment } from "#libs/config/moment.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";
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
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    throw new ConfigurationError(shortComplaint(complaint || error.message), { cause: error });
  }
  return command.opts<Options>();
}
