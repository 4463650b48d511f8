import { configuration } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import {
  BROKER_SETTINGS,
  DATABASE_SETTINGS,
  EXCHANGE_SETTINGS,
  LOG_SETTINGS,
  TRADE_SETTINGS,
} from "#libs/config/settings.ts";
import { withReachableStop } from "#services/shared/live-settings.ts";

/** The variables this service reads. */
export const ANALYZER_SETTINGS = [
  ...DATABASE_SETTINGS,
  ...BROKER_SETTINGS,
  ...EXCHANGE_SETTINGS,
  "RESULTS_TABLE",
  "SCAN_HISTORY_TABLE",
  "TIMEFRAMES",
  "BACKTEST_DAYS",
  "TOP_N_COINS",
  "PREFETCH_COUNT",
  ...TRADE_SETTINGS,
  "SIMULATED_TIME",
  ...LOG_SETTINGS,
] as const;

export function analyzerConfig(environment: Environment) {
  return withReachableStop(configuration(environment, ANALYZER_SETTINGS));
}
