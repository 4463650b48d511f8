import { configuration } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { DATABASE_SETTINGS, EXCHANGE_SETTINGS, LOG_SETTINGS } from "#libs/config/settings.ts";

/** The variables this service reads. The trade rules are not among them: each signal is settled by its own. */
export const EXECUTOR_SETTINGS = [
  ...DATABASE_SETTINGS,
  ...EXCHANGE_SETTINGS,
  "SIGNALS_TABLE",
  "SIMULATED_TIME",
  ...LOG_SETTINGS,
] as const;

export function executorConfig(environment: Environment) {
  return configuration(environment, EXECUTOR_SETTINGS);
}
