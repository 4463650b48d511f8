import { SIGNALS_TABLE } from "#libs/contracts/tables.ts";
import type { ServiceManifest } from "../shared/manifest.ts";
import { EXECUTOR_SETTINGS, executorConfig } from "./config.ts";

/** Every minute: follows the open signals of the ledger on closed candles, and stores their outcomes. */
export const EXECUTOR = {
  name: "executor",
  settings: EXECUTOR_SETTINGS,
  config: executorConfig,
  tables: [
    {
      table: SIGNALS_TABLE,
      variable: "SIGNALS_TABLE",
      actions: ["Query", "UpdateItem"],
      indexes: ["OpenIndex"],
    },
  ],
  publishes: [],
  consumes: [],
  run: { kind: "single" },
  size: { cpu: 256, memoryMiB: 512 },
  healthCheck: null,
  spot: ["all"],
  scaleInProtection: false,
  stopTimeoutSeconds: 120,
  // A line each minute: silence means that nothing is settled.
  alarms: { errors: 5, silentMinutes: 15 },
  image: "shared",
  compose: { memory: "512m", environment: {}, dependsOn: [] },
} as const satisfies ServiceManifest;
