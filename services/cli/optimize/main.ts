import { commandLineArguments, isErrorOutputWatched, print, printError } from "#libs/terminal/terminal.ts";
import { runOptimize } from "./run-optimize.ts";

process.exitCode = await runOptimize(commandLineArguments(), {
  print,
  printError,
  isWatched: isErrorOutputWatched(),
});
