import { runService } from "#libs/runtime/lifecycle.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { commandLineArguments, isErrorOutputWatched, print, printError } from "#libs/terminal/terminal.ts";
import { runDownload } from "./run-download.ts";

await runService("download", (scope) => {
  scope.useLogger(makeLogger({ service: "download", level: "warn", format: "pretty", fd: 2 }));
  const terminal = { print, printError, isErrorOutputWatched: isErrorOutputWatched() };
  return runDownload(commandLineArguments(), scope, terminal);
});
