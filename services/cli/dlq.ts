import { processEnvironment } from "#libs/runtime/environment.ts";
import { ask, commandLineArguments, print, printBytes, printError } from "#libs/runtime/terminal.ts";
import { runDlq } from "./run-dlq.ts";

const terminal = { print, printBytes, printError, ask };
process.exitCode = await runDlq(commandLineArguments(), processEnvironment(), terminal);
