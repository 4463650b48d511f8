import { BACKTEST_TASKS } from "#libs/contracts/queues.ts";
import { SCAN_HISTORY_TABLE } from "#libs/contracts/tables.ts";
import type { ServiceManifest } from "../shared/manifest.ts";
import { SCANNER_SETTINGS, scannerConfig } from "./config.ts";

/** Once an hour: takes the scan's lease, stores the universe, publishes the backtest tasks. */
export const SCANNER = {
  name: "scanner",
  settings: SCANNER_SETTINGS,
  config: scannerConfig,
  tables: [
    {
      table: SCAN_HISTORY_TABLE,
      variable: "SCAN_HISTORY_TABLE",
      actions: ["GetItem", "PutItem", "UpdateItem"],
    },
  ],
  publishes: [BACKTEST_TASKS],
  consumes: [],
  run: { kind: "schedule", everyMinutes: 60, giveUpAfterMinutes: 30, mayStay: false, billedMinutesPerRun: 1 },
  size: { cpu: 256, memoryMiB: 512 },
  healthCheck: null,
  // Without Spot capacity, the scan of an hour is lost.
  spot: [],
  scaleInProtection: false,
  stopTimeoutSeconds: 120,
  alarms: { errors: 5, silentMinutes: null },
  image: "own",
  compose: { memory: "512m", environment: {}, dependsOn: [] },
} as const satisfies ServiceManifest;
