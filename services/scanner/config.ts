import { ConfigurationError, configuration } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import {
  BROKER_SETTINGS,
  DATABASE_SETTINGS,
  EXCHANGE_SETTINGS,
  LOG_SETTINGS,
} from "#libs/config/settings.ts";

/** The variables this service reads. */
export const SCANNER_SETTINGS = [
  ...DATABASE_SETTINGS,
  ...BROKER_SETTINGS,
  ...EXCHANGE_SETTINGS,
  "SCAN_HISTORY_TABLE",
  "TOP_N_COINS",
  "MIN_VOLATILITY",
  "MAX_VOLATILITY",
  "MIN_TURNOVER_24H",
  "MIN_LISTING_DAYS",
  "TIMEFRAMES",
  "RUN_EVERY_SECONDS",
  "SIMULATED_TIME",
  ...LOG_SETTINGS,
] as const;

export function scannerConfig(environment: Environment) {
  const config = configuration(environment, SCANNER_SETTINGS);
  if (config.minVolatility > config.maxVolatility) {
    throw new ConfigurationError(
      `invalid configuration: MIN_VOLATILITY: ${config.minVolatility} is above MAX_VOLATILITY (${config.maxVolatility}), so no coin could pass`,
    );
  }
  return config;
}
