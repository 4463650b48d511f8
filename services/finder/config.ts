import { configuration } from "#libs/runtime/configuration.ts";
import type { Environment } from "#libs/runtime/environment.ts";

/** The variables this service reads. */
export const FINDER_SETTINGS = [
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
  "POSITIONS_TABLE",
  "PREFETCH_COUNT",
  "FINDER_CANDLES",
  "SIGNAL_MAX_AGE_SECONDS",
  "POSITION_SIZE",
  "LEVERAGE",
  "STOP_LOSS_PERCENT",
  "TAKE_PROFIT_PERCENT",
  "TAKER_FEE_PERCENT",
  "SLIPPAGE_PERCENT",
  "CODE_VERSION",
  "SIMULATED_TIME",
  "LOG_LEVEL",
  "LOG_FORMAT",
] as const;

export function finderConfig(environment: Environment) {
  return configuration(environment, FINDER_SETTINGS);
}
