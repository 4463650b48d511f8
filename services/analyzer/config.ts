import { configuration } from "#libs/runtime/configuration.ts";
import type { Environment } from "#libs/runtime/environment.ts";

/** The variables this service reads. */
export const ANALYZER_SETTINGS = [
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
  "RESULTS_TABLE",
  "SCAN_HISTORY_TABLE",
  "TIMEFRAMES",
  "BACKTEST_DAYS",
  "TOP_N_COINS",
  "PREFETCH_COUNT",
  "POSITION_SIZE",
  "LEVERAGE",
  "STOP_LOSS_PERCENT",
  "TAKE_PROFIT_PERCENT",
  "TAKER_FEE_PERCENT",
  "SLIPPAGE_PERCENT",
  "SIMULATED_TIME",
  "LOG_LEVEL",
  "LOG_FORMAT",
] as const;

export function analyzerConfig(environment: Environment) {
  return configuration(environment, ANALYZER_SETTINGS);
}
