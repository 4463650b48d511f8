import { processEnvironment } from "#libs/config/environment.ts";
import { ask, commandLineArguments, print, printBytes, printError } from "#libs/terminal/terminal.ts";
import { runDlq } from "./run-dlq.ts";

const terminal = { print, printBytes, printError, ask };
process.exitCode = await runDlq(commandLineArguments(), processEnvironment(), terminal);
