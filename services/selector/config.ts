import { configuration } from "#libs/runtime/configuration.ts";
import type { Environment } from "#libs/runtime/environment.ts";

/** The variables this service reads. */
export const SELECTOR_SETTINGS = [
  "AWS_REGION",
  "AWS_ENDPOINT_URL",
  "RABBITMQ_URL",
  "RABBITMQ_HOST",
  "RABBITMQ_PORT",
  "RABBITMQ_USER",
  "RABBITMQ_PASS",
  "RESULTS_TABLE",
  "SCAN_HISTORY_TABLE",
  "MIN_WIN_RATE",
  "MIN_PNL",
  "MIN_TRADES",
  "RUN_EVERY_SECONDS",
  "SIMULATED_TIME",
  "LOG_LEVEL",
  "LOG_FORMAT",
] as const;

export function selectorConfig(environment: Environment) {
  return configuration(environment, SELECTOR_SETTINGS);
}
