import type { FuzzedParser } from "./fuzzed-parser.ts";
import { ARGUMENT_PARSERS } from "./parsers/arguments.ts";
import { CONTEXT_PARSERS } from "./parsers/context.ts";
import { ENVIRONMENT_PARSERS } from "./parsers/environment.ts";
import { EXCHANGE_PARSERS } from "./parsers/exchange.ts";
import { FILE_PARSERS } from "./parsers/files.ts";
import { ITEM_PARSERS } from "./parsers/items.ts";
import { MESSAGE_PARSERS } from "./parsers/messages.ts";
import { RECORDING_PARSERS } from "./parsers/recordings.ts";
import { SIMULATOR_PARSERS } from "./parsers/simulator.ts";

/** Every place of the system where data from outside is read. */
export const FUZZED_PARSERS: readonly FuzzedParser[] = [
  ...ENVIRONMENT_PARSERS,
  ...ARGUMENT_PARSERS,
  ...FILE_PARSERS,
  ...RECORDING_PARSERS,
  ...CONTEXT_PARSERS,
  ...MESSAGE_PARSERS,
  ...ITEM_PARSERS,
  ...EXCHANGE_PARSERS,
  ...SIMULATOR_PARSERS,
];
