import { commandLineArguments } from "#libs/terminal/terminal.ts";
import { processContext } from "../shared/process-context.ts";
import { runBacktest } from "./run-backtest.ts";

process.exitCode = await runBacktest(commandLineArguments(), processContext());
