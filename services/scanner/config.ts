import { ConfigurationError, configuration } from "#libs/runtime/configuration.ts";
import type { Environment } from "#libs/runtime/environment.ts";

/** The variables this service reads. */
export const SCANNER_SETTINGS = [
  "AWS_REGION",
  "AWS_ENDPOINT_URL",
  "RABBITMQ_URL",
  "RABBITMQ_HOST",
  "RABBITMQ_PORT",
  "RABBITMQ_USER",
  "RABBITMQ_PASS",
  "BYBIT_BASE_URL",
  "BYBIT_TESTNET",
  "BYBIT_REQUESTS_PER_SECOND",
  "SCAN_HISTORY_TABLE",
  "TOP_N_COINS",
  "MIN_VOLATILITY",
  "MAX_VOLATILITY",
  "MIN_TURNOVER_24H",
  "MIN_LISTING_DAYS",
  "TIMEFRAMES",
  "RUN_EVERY_SECONDS",
  "SIMULATED_TIME",
  "LOG_LEVEL",
  "LOG_FORMAT",
] as const;

export function scannerConfig(environment: Environment) {
  const config = configuration(environment, SCANNER_SETTINGS);
  if (config.minVolatility > config.maxVolatility) {
    throw new ConfigurationError(
      `configuration is wrong: MIN_VOLATILITY: ${config.minVolatility} is above MAX_VOLATILITY, ${config.maxVolatility}: no coin could pass`,
    );
  }
  return config;
}
