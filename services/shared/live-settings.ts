import { type Configuration, ConfigurationError } from "#libs/config/configuration.ts";
import type { TRADE_SETTINGS } from "#libs/config/settings.ts";
import {
  describeUnreachableStop,
  remedyOfUnreachableStop,
  unreachableStop,
} from "#libs/trading/stop-reach.ts";
import { tradeRulesOf } from "./trade-rules-of.ts";

/**
 * Refuses settings whose stop cannot be reached before the margin is used up. A backtest may compute such rules; a
 * service would publish positions whose stop protects nothing.
 * @returns the configuration as given.
 * @throws ConfigurationError naming both values and the highest leverage that works.
 */
export function withReachableStop<C extends Configuration<(typeof TRADE_SETTINGS)[number]>>(config: C): C {
  const found = unreachableStop(tradeRulesOf(config));
  if (found === null) return config;
  throw new ConfigurationError(
    `invalid configuration: LEVERAGE=${found.leverage}, STOP_LOSS_PERCENT=${found.stopLossPercent}: ` +
      `${describeUnreachableStop(found)}; ${remedyOfUnreachableStop(found)}`,
  );
}
