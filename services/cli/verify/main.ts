import { STRATEGIES } from "#libs/strategy/registry.ts";
import { commandLineArguments, liveStream, print } from "#libs/terminal/terminal.ts";
import { processContext } from "../shared/process-context.ts";
import { runVerifyStrategy } from "./run-verify-strategy.ts";

/** Return to the beginning of the line and clear it. */
const CLEAR_LINE = "\r\u001b[2K";
const watched = liveStream() !== null;
const context = processContext();

process.exitCode = await runVerifyStrategy(
  commandLineArguments(),
  { ...context, print: (text) => print(watched ? `${CLEAR_LINE}${text}` : text) },
  STRATEGIES,
  watched ? (when) => print(`${CLEAR_LINE}Checking: ${when}`) : undefined,
);
