import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { POSITIONS_TABLE, SCAN_HISTORY_TABLE, SIGNALS_TABLE } from "#libs/contracts/tables.ts";
import type { ServiceManifest } from "../shared/manifest.ts";
import { FINDER_SETTINGS, finderConfig } from "./config.ts";

/** Searches for an entry of one signal per message, records it in the ledger and stores the position. */
export const FINDER = {
  name: "finder",
  settings: FINDER_SETTINGS,
  config: finderConfig,
  tables: [
    { table: POSITIONS_TABLE, variable: "POSITIONS_TABLE", actions: ["GetItem", "PutItem"] },
    { table: SIGNALS_TABLE, variable: "SIGNALS_TABLE", actions: ["GetItem", "PutItem"] },
    // Its pulse.
    { table: SCAN_HISTORY_TABLE, variable: "SCAN_HISTORY_TABLE", actions: ["PutItem", "UpdateItem"] },
  ],
  publishes: [],
  // Signals expire after 60 s; when the oldest waits this long every minute, no finder consumes them.
  consumes: [{ queue: TRADING_SIGNALS, overdueSeconds: 45 }],
  run: {
    kind: "worker",
    scaledBy: TRADING_SIGNALS,
    minTasks: 1,
    maxTasks: 5,
    messagesPerTask: 10,
    addTaskAtAgeSeconds: 30,
    burstTaskMinutesPerHour: 0,
  },
  size: { cpu: 256, memoryMiB: 512 },
  healthCheck: "broker",
  spot: ["all"],
  scaleInProtection: true,
  stopTimeoutSeconds: 120,
  alarms: { errors: 5, silentMinutes: null },
  image: "own",
  compose: { memory: "512m", environment: {}, dependsOn: [] },
} as const satisfies ServiceManifest;
