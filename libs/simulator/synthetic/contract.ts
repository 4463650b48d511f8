import type { PathCharacter } from "./hour-path.ts";

/** The fixed properties of a synthetic contract; its prices follow from these and the seed. */
export interface Contract {
  readonly symbol: string;
  readonly baseCoin: string;
  readonly quoteCoin: string;
  readonly contractType: "LinearPerpetual" | "LinearFutures";
  readonly symbolType: "" | "innovation" | "stock" | "forex" | "commodity";
  /** A full hour: first candle and launch. */
  readonly launchTimeMs: number;
  /** A full hour: the start of the path of `baseCoin`. Contracts on one coin share one path. */
  readonly pathStartMs: number;
  /** A full hour: no trades from here on; null for a contract that continues. */
  readonly tradingEndMs: number | null;
  /** Bybit's delivery time, announced `announcedMs` and later; the contract is listed until then. */
  readonly delivery: { readonly announcedMs: number; readonly timeMs: number } | null;
  /** The price around which it moves while BTC is at its long-run level. */
  readonly basePrice: number;
  /** Share of BTC's log move that the contract follows. */
  readonly beta: number;
  readonly character: PathCharacter;
  /** USDT traded in a typical minute. */
  readonly turnoverPerMinute: number;
  /** Share of minutes without a trade. */
  readonly quietShare: number;
  readonly priceDecimals: number;
  readonly tickUnits: number;
  readonly quantityDecimals: number;
  readonly quantityStepUnits: number;
  /** Null for a dated future, which has no funding. */
  readonly fundingIntervalMinutes: 240 | 480 | null;
  readonly maxLeverage: number;
}

/** Price and quantity steps that fit a price: 20,000 to 100,000 ticks, a quantity worth about $1. */
export function stepsFor(basePrice: number): {
  priceDecimals: number;
  tickUnits: number;
  quantityDecimals: number;
  quantityStepUnits: number;
} {
  let priceDecimals = 0;
  let scaled = basePrice / 20_000;
  while (scaled < 1 && priceDecimals < 9) {
    scaled *= 10;
    priceDecimals += 1;
  }
  const tickUnits = scaled >= 5 ? 5 : scaled >= 2 ? 2 : 1;
  let quantityDecimals = 0;
  let value = basePrice;
  while (value > 5 && quantityDecimals < 3) {
    value /= 10;
    quantityDecimals += 1;
  }
  const quantityStepUnits = value >= 0.2 ? 1 : value >= 0.02 ? 10 : 100;
  return { priceDecimals, tickUnits, quantityDecimals, quantityStepUnits };
}
