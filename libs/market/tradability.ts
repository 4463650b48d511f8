import { DAY_MS } from "#libs/candles/timeframe.ts";
import type { Instrument } from "./market-data.ts";

export interface TradabilityRules {
  /** A contract listed for a shorter time has too little history for a backtest. */
  readonly minListingDays: number;
}

export type Tradability =
  | { readonly kind: "tradable" }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Symbol types of crypto contracts: empty is the main board, `innovation` the exchange's tier for new
 * coins. An allow-list, because the exchange keeps adding types that are not crypto (`stock`, `forex`,
 * `commodity`, `etf`, ...) and a price that does not move all weekend would pass every other check.
 */
const CRYPTO_SYMBOL_TYPES: readonly string[] = ["", "innovation"];

/** Whether this system may trade a contract: crypto, USDT, linear perpetual, and not being delisted. */
export function tradability(instrument: Instrument, nowMs: number, rules: TradabilityRules): Tradability {
  if (instrument.contractType !== "LinearPerpetual") {
    return refused(`contract type ${named(instrument.contractType)} is not LinearPerpetual`);
  }
  if (instrument.quoteCoin !== "USDT") {
    return refused(`quote coin ${named(instrument.quoteCoin)} is not USDT`);
  }
  if (!CRYPTO_SYMBOL_TYPES.includes(instrument.symbolType)) {
    return refused(`symbol type ${named(instrument.symbolType)} is not crypto`);
  }
  if (instrument.status !== "Trading") {
    return refused(`status ${named(instrument.status)} is not Trading`);
  }
  if (instrument.deliveryTimeMs !== null) {
    return refused(`being delisted at ${new Date(instrument.deliveryTimeMs).toISOString()}`);
  }
  const listedDays = (nowMs - instrument.launchTimeMs) / DAY_MS;
  if (listedDays < rules.minListingDays) {
    return refused(
      `listed for only ${Math.max(0, listedDays).toFixed(1)} days (minimum ${rules.minListingDays})`,
    );
  }
  return { kind: "tradable" };
}

function refused(reason: string): Tradability {
  return { kind: "refused", reason };
}

function named(value: string): string {
  return value === "" ? "(empty)" : value;
}
