import { commandLineArguments, isErrorOutputWatched } from "#libs/terminal/terminal.ts";
import { processContext } from "../shared/process-context.ts";
import { runOptimize } from "./run-optimize.ts";

process.exitCode = await runOptimize(commandLineArguments(), {
  ...processContext(),
  isWatched: isErrorOutputWatched(),
});
