import { BACKTEST_TASKS } from "#libs/contracts/queues.ts";
import { RESULTS_TABLE, SCAN_HISTORY_TABLE } from "#libs/contracts/tables.ts";
import type { ServiceManifest } from "../shared/manifest.ts";
import { ANALYZER_SETTINGS, analyzerConfig } from "./config.ts";

/** Backtests one symbol and timeframe per message. */
export const ANALYZER = {
  name: "analyzer",
  settings: ANALYZER_SETTINGS,
  config: analyzerConfig,
  tables: [
    { table: RESULTS_TABLE, variable: "RESULTS_TABLE", actions: ["GetItem", "PutItem", "UpdateItem"] },
    {
      table: SCAN_HISTORY_TABLE,
      variable: "SCAN_HISTORY_TABLE",
      actions: ["GetItem", "PutItem", "UpdateItem"],
    },
  ],
  publishes: [],
  // A task that waits longer means that the analyzers cannot keep up with one scan an hour.
  consumes: [{ queue: BACKTEST_TASKS, overdueSeconds: 30 * 60 }],
  run: {
    kind: "worker",
    scaledBy: BACKTEST_TASKS,
    minTasks: 1,
    maxTasks: 10,
    // A backtest took a tenth of a CPU second (measured on x86).
    messagesPerTask: 30,
    addTaskAtAgeSeconds: 300,
    // Assumed: 150 messages start four more tasks for about three minutes.
    burstTaskMinutesPerHour: 4 * 3,
  },
  size: { cpu: 256, memoryMiB: 512 },
  healthCheck: "broker",
  spot: ["analyzers", "all"],
  scaleInProtection: true,
  stopTimeoutSeconds: 120,
  alarms: { errors: 5, silentMinutes: null },
  image: "own",
  compose: { memory: "1g", environment: {}, dependsOn: [] },
} as const satisfies ServiceManifest;
