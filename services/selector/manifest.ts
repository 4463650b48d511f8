import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { RESULTS_TABLE, SCAN_HISTORY_TABLE } from "#libs/contracts/tables.ts";
import type { ServiceManifest } from "../shared/manifest.ts";
import { SELECTOR_SETTINGS, selectorConfig } from "./config.ts";

/** Every minute: takes the minute's lease, selects results, publishes signals and the metrics of the queues. */
export const SELECTOR = {
  name: "selector",
  settings: SELECTOR_SETTINGS,
  config: selectorConfig,
  tables: [
    {
      table: RESULTS_TABLE,
      variable: "RESULTS_TABLE",
      actions: ["Query", "BatchGetItem"],
      indexes: ["StatusIndex"],
    },
    { table: SCAN_HISTORY_TABLE, variable: "SCAN_HISTORY_TABLE", actions: ["GetItem", "PutItem"] },
  ],
  publishes: [TRADING_SIGNALS],
  consumes: [],
  run: { kind: "schedule", everyMinutes: 1, giveUpAfterMinutes: 1, mayStay: true, billedMinutesPerRun: 1 },
  size: { cpu: 256, memoryMiB: 512 },
  healthCheck: null,
  spot: ["all"],
  scaleInProtection: false,
  stopTimeoutSeconds: 120,
  alarms: { errors: 5, silentMinutes: null },
  image: "own",
  compose: { memory: "512m", environment: {}, dependsOn: [] },
} as const satisfies ServiceManifest;
