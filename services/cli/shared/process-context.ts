import { callersFolder, processEnvironment } from "#libs/config/environment.ts";
import { print, printError } from "#libs/terminal/terminal.ts";
import type { CommandContext } from "./parse-command.ts";

/** What surrounds a command that runs as a process. */
export function processContext(): Required<CommandContext> {
  const environment = processEnvironment();
  return { print, printError, environment, folder: callersFolder(environment) };
}
