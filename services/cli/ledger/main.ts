import { silenceSdkVersionNote } from "#libs/config/environment.ts";
import { commandLineArguments } from "#libs/terminal/terminal.ts";
import { processContext } from "../shared/process-context.ts";
import { runLedger } from "./run-ledger.ts";

silenceSdkVersionNote();
process.exitCode = await runLedger(commandLineArguments(), processContext());
