import { configuration } from "#libs/runtime/configuration.ts";
import type { Environment } from "#libs/runtime/environment.ts";

/** The settings of all four services but those that say where broker, database and clock are. */
export function localConfig(environment: Environment) {
  return configuration(environment, [
    "BYBIT_BASE_URL",
    "BYBIT_TESTNET",
    "BYBIT_REQUESTS_PER_SECOND",
    "TOP_N_COINS",
    "MIN_VOLATILITY",
    "MAX_VOLATILITY",
    "MIN_TURNOVER_24H",
    "MIN_LISTING_DAYS",
    "TIMEFRAMES",
    "BACKTEST_DAYS",
    "MIN_WIN_RATE",
    "MIN_PNL",
    "MIN_TRADES",
    "FINDER_CANDLES",
    "SIGNAL_MAX_AGE_SECONDS",
    "POSITION_SIZE",
    "LEVERAGE",
    "STOP_LOSS_PERCENT",
    "TAKE_PROFIT_PERCENT",
    "TAKER_FEE_PERCENT",
    "SLIPPAGE_PERCENT",
    "CODE_VERSION",
    "LOG_LEVEL",
    "LOG_FORMAT",
  ]);
}

export type LocalConfig = ReturnType<typeof localConfig>;
