import type { Configuration } from "#libs/config/configuration.ts";
import type { TRADE_SETTINGS } from "#libs/config/settings.ts";
import type { TradeRules } from "#libs/trading/trade-rules.ts";
import { DEFAULT_TRADE_RULES } from "#libs/trading/trade-rules.ts";

/** The trade rules as configured; analyzer and finder must use the same, or live differs from what was tested. */
export function tradeRulesOf(config: Configuration<(typeof TRADE_SETTINGS)[number]>): TradeRules {
  return {
    ...DEFAULT_TRADE_RULES,
    marginUsdt: config.positionSize,
    leverage: config.leverage,
    stopLossPercent: config.stopLossPercent,
    takeProfitPercent: config.takeProfitPercent,
    takerFeePercent: config.takerFeePercent,
    slippagePercent: config.slippagePercent,
  };
}
