import { STRATEGIES } from "#libs/strategy/registry.ts";
import { commandLineArguments, liveStream, print, printError } from "#libs/terminal/terminal.ts";
import { runVerifyStrategy } from "./run-verify-strategy.ts";

/** Return to the beginning of the line and clear it. */
const CLEAR_LINE = "\r\u001b[2K";
const watched = liveStream() !== null;

process.exitCode = await runVerifyStrategy(
  commandLineArguments(),
  { print: (text) => print(watched ? `${CLEAR_LINE}${text}` : text), printError },
  STRATEGIES,
  watched ? (when) => print(`${CLEAR_LINE}Looking: ${when}`) : undefined,
);
