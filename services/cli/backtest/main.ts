import { commandLineArguments, print, printError } from "#libs/terminal/terminal.ts";
import { runBacktest } from "./run-backtest.ts";

process.exitCode = await runBacktest(commandLineArguments(), { print, printError });
