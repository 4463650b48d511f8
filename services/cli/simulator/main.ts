import { runService } from "#libs/runtime/lifecycle.ts";
import { commandLineArguments } from "#libs/terminal/terminal.ts";
import { runSimulator } from "./run-simulator.ts";

await runService("simulator", (scope) => runSimulator(commandLineArguments(), scope));
