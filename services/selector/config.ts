import { configuration } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { BROKER_SETTINGS, DATABASE_SETTINGS, LOG_SETTINGS } from "#libs/config/settings.ts";

/** The variables this service reads. */
export const SELECTOR_SETTINGS = [
  ...DATABASE_SETTINGS,
  ...BROKER_SETTINGS,
  "RESULTS_TABLE",
  "SCAN_HISTORY_TABLE",
  "MIN_WIN_RATE",
  "MIN_PNL",
  "MIN_TRADES",
  "RUN_EVERY_SECONDS",
  "SIMULATED_TIME",
  ...LOG_SETTINGS,
] as const;

export function selectorConfig(environment: Environment) {
  return configuration(environment, SELECTOR_SETTINGS);
}
