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
export const FINDER_SETTINGS = [
  ...DATABASE_SETTINGS,
  ...BROKER_SETTINGS,
  ...EXCHANGE_SETTINGS,
  "POSITIONS_TABLE",
  "SCAN_HISTORY_TABLE",
  "SIGNALS_TABLE",
  "PREFETCH_COUNT",
  "FINDER_CANDLES",
  "SIGNAL_MAX_AGE_SECONDS",
  ...TRADE_SETTINGS,
  "CODE_VERSION",
  "SIMULATED_TIME",
  ...LOG_SETTINGS,
] as const;

export function finderConfig(environment: Environment) {
  return withReachableStop(configuration(environment, FINDER_SETTINGS));
}
