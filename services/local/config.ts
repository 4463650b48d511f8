import { configuration } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { EXCHANGE_SETTINGS, LOG_SETTINGS, TRADE_SETTINGS } from "#libs/config/settings.ts";
import { withReachableStop } from "#services/shared/live-settings.ts";

/** The settings of all four services except those of broker, database and clock. */
export function localConfig(environment: Environment) {
  return withReachableStop(
    configuration(environment, [
      ...EXCHANGE_SETTINGS,
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
      ...TRADE_SETTINGS,
      "CODE_VERSION",
      ...LOG_SETTINGS,
    ]),
  );
}

export type LocalConfig = ReturnType<typeof localConfig>;
