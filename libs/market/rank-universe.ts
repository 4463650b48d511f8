import type { UniverseEntry } from "#libs/contracts/scan-item.ts";
import type { Instrument, Ticker } from "./market-data.ts";
import { tradability } from "./tradability.ts";

export interface ScanFilters {
  readonly topNCoins: number;
  /** Percent, high over low of 24 hours. */
  readonly minVolatility: number;
  readonly maxVolatility: number;
  /** USDT over 24 hours. */
  readonly minTurnover24h: number;
  readonly minListingDays: number;
}

/**
 * The price range of 24 hours, in percent of the low. Null if the exchange reports no usable prices (a contract
 * without trades).
 */
export function volatility24h(ticker: Ticker): number | null {
  const { highPrice24h: high, lowPrice24h: low } = ticker;
  if (!(low > 0) || !(high >= low)) return null;
  return (high / low - 1) * 100;
}

function refusal(
  ticker: Ticker,
  instrument: Instrument | undefined,
  volatility: number | null,
  filters: ScanFilters,
  nowMs: number,
): string | null {
  if (instrument === undefined) return "not in the exchange's list of instruments";
  const verdict = tradability(instrument, nowMs, { minListingDays: filters.minListingDays });
  if (verdict.kind === "refused") return verdict.reason;
  if (!(ticker.lastPrice > 0)) return `no usable last price (${ticker.lastPrice})`;
  if (volatility === null) return `no usable 24 h range (${ticker.lowPrice24h} to ${ticker.highPrice24h})`;
  if (ticker.turnover24h < filters.minTurnover24h) {
    return `24 h turnover $${Math.round(ticker.turnover24h)} is below $${filters.minTurnover24h}`;
  }
  if (volatility < filters.minVolatility) {
    return `24 h volatility ${volatility.toFixed(2)} % is below ${filters.minVolatility} %`;
  }
  if (volatility > filters.maxVolatility) {
    return `24 h volatility ${volatility.toFixed(2)} % is above ${filters.maxVolatility} %`;
  }
  return null;
}

/**
 * Ranks the whole exchange: first the tradable symbols, most volatile first (ties by higher turnover, then by name,
 * so that a scan is reproducible), then the refused symbols by name. The first `topNCoins` are taken.
 */
export function rankUniverse(
  tickers: readonly Ticker[],
  instruments: readonly Instrument[],
  filters: ScanFilters,
  nowMs: number,
): readonly UniverseEntry[] {
  const bySymbol = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
  const rows = tickers.map((ticker) => {
    const volatility = volatility24h(ticker);
    const reason = refusal(ticker, bySymbol.get(ticker.symbol), volatility, filters, nowMs);
    return { ticker, volatility, reason };
  });
  const passed = rows
    .filter((row) => row.reason === null)
    .sort(
      (a, b) =>
        (b.volatility ?? 0) - (a.volatility ?? 0) ||
        b.ticker.turnover24h - a.ticker.turnover24h ||
        byName(a.ticker.symbol, b.ticker.symbol),
    );
  const refused = rows
    .filter((row) => row.reason !== null)
    .sort((a, b) => byName(a.ticker.symbol, b.ticker.symbol));

  return [
    ...passed.map((row, index) => {
      const rank = index + 1;
      const taken = rank <= filters.topNCoins;
      const entry = { ...figuresOf(row.ticker, row.volatility), rank, taken };
      return taken ? entry : { ...entry, reason: `rank ${rank} is not among the first ${filters.topNCoins}` };
    }),
    ...refused.map((row) => ({
      ...figuresOf(row.ticker, row.volatility),
      rank: null,
      taken: false,
      reason: row.reason ?? "",
    })),
  ];
}

/** Rounded as it is stored, so that a scan resumed from the stored universe publishes the same figures. */
function figuresOf(ticker: Ticker, volatility: number | null) {
  return {
    symbol: ticker.symbol,
    volatility24h: volatility === null ? null : twoDecimals(volatility),
    turnover: twoDecimals(ticker.turnover24h),
    price: ticker.lastPrice,
    priceChange24h: twoDecimals(ticker.priceChange24h),
  };
}

function twoDecimals(value: number): number {
  return Number(value.toFixed(2)) + 0;
}

/** By code points, so that the order is the same in every locale. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const FIGURES = /\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d[\d.]*(?![\d.]| h\b)/g;

/** The number of refused symbols per reason, with the figures in the reasons removed. */
export function countRefusals(universe: readonly UniverseEntry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of universe) {
    if (reason === undefined) continue;
    const kind = reason.replace(FIGURES, "N");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
