import type { Configuration } from "#libs/config/configuration.ts";
import type { EXCHANGE_SETTINGS } from "#libs/config/settings.ts";
import type { BybitOptions } from "#libs/market/bybit/bybit-market-data.ts";

/** Which exchange is called and how, as configured. */
export function bybitOptions(config: Configuration<(typeof EXCHANGE_SETTINGS)[number]>): BybitOptions {
  return {
    baseUrl: config.bybitBaseUrl,
    testnet: config.bybitTestnet,
    requestsPerSecond: config.bybitRequestsPerSecond,
    timeoutMs: config.bybitTimeoutSeconds * 1_000,
    banMs: config.bybitBanSeconds * 1_000,
  };
}
