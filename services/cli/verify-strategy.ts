import { commandLineArguments, print, printError } from "#libs/runtime/terminal.ts";
import { runVerifyStrategy } from "./run-verify-strategy.ts";

process.exitCode = await runVerifyStrategy(commandLineArguments(), { print, printError });
