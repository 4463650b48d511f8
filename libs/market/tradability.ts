import { DAY_MS } from "#libs/candles/timeframe.ts";
import type { Instrument } from "./market-data.ts";

export interface TradabilityRules {
  /** A contract listed for less than this has too little history to be backtested. */
  readonly minListingDays: number;
}

export type Tradability =
  | { readonly kind: "tradable" }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Symbol types of crypto contracts: empty is the main board, `innovation` the exchange's tier for new
 * coins. An allow-list, because the exchange keeps adding types that are not crypto (`stock`, `forex`,
 * `commodity`, `etf`, ...) and a price that stands still all weekend would pass every other check.
 */
const CRYPTO_SYMBOL_TYPES: readonly string[] = ["", "innovation"];

/** Whether a contract may be traded by this system: crypto, USDT, linear perpetual, and here to stay. */
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
      `listed for ${Math.max(0, listedDays).toFixed(1)} days, less than ${rules.minListingDays}`,
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
