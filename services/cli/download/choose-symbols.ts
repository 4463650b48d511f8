import type { CandleRecorder } from "#libs/market/candle-recorder.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";
import { rankUniverse, type ScanFilters } from "#libs/market/rank-universe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { FILE_SYMBOL, type SymbolChoice } from "./download-arguments.ts";

export interface ChoiceParts {
  readonly market: Pick<MarketData, "tickers" | "instruments"> & CandleRecorder;
  readonly filters: Omit<ScanFilters, "topNCoins">;
  readonly exchangeMs: number;
  readonly intervalMs: number;
}

/**
 * The coins that were asked for, each once; those of `topN` in the order of the scanner's ranking.
 * @throws InputError naming every symbol that the exchange does not have, or when no coin passes the filters.
 */
export async function chooseSymbols(
  parts: ChoiceParts,
  choices: readonly SymbolChoice[],
): Promise<readonly string[]> {
  const tickers = await parts.market.tickers();
  const listed = new Set(tickers.map(({ symbol }) => symbol));
  const chosen = new Set<string>();
  const unknown: string[] = [];
  for (const choice of choices) {
    if (choice.kind === "symbol") {
      if (listed.has(choice.symbol) || (await hasCandles(parts, choice.symbol))) chosen.add(choice.symbol);
      else unknown.push(choice.symbol);
      continue;
    }
    const filters = { ...parts.filters, topNCoins: choice.count };
    // A name in another script cannot be the name of a recording.
    const nameable = tickers.filter(({ symbol }) => FILE_SYMBOL.test(symbol));
    const ranked = rankUniverse(nameable, await parts.market.instruments(), filters, parts.exchangeMs);
    const taken = ranked.filter((entry) => entry.taken);
    if (taken.length === 0) {
      throw new InputError(
        `top${choice.count}: no coin of ${tickers.length} passes the scanner's filters: ` +
          "see MIN_VOLATILITY, MAX_VOLATILITY, MIN_TURNOVER_24H and MIN_LISTING_DAYS",
      );
    }
    for (const { symbol } of taken) chosen.add(symbol);
  }
  if (unknown.length > 0) {
    const names = unknown.join(", ");
    throw new InputError(
      `the exchange has no USDT perpetual ${names}: write symbols as it does, such as BTCUSDT`,
    );
  }
  return [...chosen];
}

/** A contract that was delisted has no ticker, but may have candles. */
async function hasCandles(parts: ChoiceParts, symbol: string): Promise<boolean> {
  const { intervalMs } = parts;
  const toMs = Math.floor(parts.exchangeMs / intervalMs) * intervalMs;
  try {
    const range = { symbol, intervalMs, fromMs: toMs - intervalMs, toMs, oldestMs: 0 };
    const found = await parts.market.recordedCandles(range);
    return found.rows.length > 0 || !found.isListing;
  } catch (error) {
    if (error instanceof MarketError && error.kind === "unknown-symbol") return false;
    throw error;
  }
}
