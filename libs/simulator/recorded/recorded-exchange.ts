import type { CandlePage, DayStatistics, ExchangeSource, FundingRow, Listing } from "../source.ts";
import { scanFolder } from "./folder.ts";
import { RecordedSymbol } from "./recorded-symbol.ts";

/** A recorded market, with its coverage. */
export interface RecordedExchange extends ExchangeSource {
  readonly kind: "recorded";
  /** From the first to the end of the last recorded candle of each symbol. */
  coverage(): readonly { readonly symbol: string; readonly fromMs: number; readonly toMs: number }[];
}

/** A recording has no listing date: an early date makes its whole history count. */
const ASSUMED_LAUNCH_MS = Date.UTC(2020, 0, 1);
const FUNDING_INTERVAL_MS = 8 * 3_600_000;

/**
 * Recorded candles of a folder as an exchange. Files are named EXCHANGE_SYMBOL_INTERVAL.csv or .csv.gz
 * (interval in minutes), with an optional funding_SYMBOL.csv[.gz] beside them. Only prices before the clock's time are
 * served; gaps in a recording are gaps here.
 * @throws RecordingError if the folder contains no recording (an invalid file is reported when it is read).
 */
export function recordedExchange(options: { readonly directory: string }): RecordedExchange {
  const folder = scanFolder(options.directory);
  return new FolderExchange(
    `SIMULATED exchange that replays recorded candles of ${options.directory}`,
    folder.notes,
    new Map([...folder.symbols].map(([symbol, files]) => [symbol, new RecordedSymbol(files)])),
  );
}

class FolderExchange implements RecordedExchange {
  readonly kind = "recorded";
  readonly description: string;
  readonly notes: readonly string[];
  private readonly symbols: ReadonlyMap<string, RecordedSymbol>;

  constructor(description: string, notes: readonly string[], symbols: ReadonlyMap<string, RecordedSymbol>) {
    this.description = description;
    this.notes = notes;
    this.symbols = symbols;
  }

  coverage() {
    return [...this.symbols.values()].map((series) => ({
      symbol: series.symbol,
      fromMs: series.firstMs,
      toMs: series.endMs,
    }));
  }

  listings(nowMs: number): readonly Listing[] {
    return [...this.symbols.values()].filter((series) => series.firstMs <= nowMs).map(listingOf);
  }

  listing(symbol: string, nowMs: number): Listing | null {
    const series = this.symbols.get(symbol);
    return series === undefined || series.firstMs > nowMs ? null : listingOf(series);
  }

  candles(range: {
    readonly symbol: string;
    readonly intervalMs: number;
    readonly fromMs: number;
    readonly toMs: number;
    readonly nowMs: number;
  }): CandlePage {
    const series = this.symbols.get(range.symbol);
    if (series === undefined) throw new Error(`${range.symbol} is not recorded`);
    return series.candles(range.intervalMs, range.fromMs, range.toMs, range.nowMs);
  }

  dayStatistics(symbol: string, nowMs: number): DayStatistics | null {
    return this.symbols.get(symbol)?.dayStatistics(nowMs) ?? null;
  }

  fundingRates(symbol: string, fromMs: number, toMs: number, nowMs: number): readonly FundingRow[] {
    const rows = this.symbols.get(symbol)?.fundingRows ?? [];
    return rows.filter((row) => row.timeMs >= fromMs && row.timeMs <= Math.min(toMs, nowMs));
  }

  /** The next rate is unknown before it is settled, so the last one is used. */
  nextFunding(symbol: string, nowMs: number): FundingRow | null {
    const rows = this.symbols.get(symbol)?.fundingRows ?? [];
    const last = rows.findLast((row) => row.timeMs <= nowMs);
    if (last === undefined) return null;
    return {
      timeMs: (Math.floor(nowMs / FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS,
      rate: last.rate,
    };
  }
}

const QUOTES = ["USDT", "USDC", "PERP", "USD"];

function listingOf(series: RecordedSymbol): Listing {
  const suffix = QUOTES.find((quote) => series.symbol.endsWith(quote) && series.symbol !== quote) ?? "";
  return {
    symbol: series.symbol,
    baseCoin: series.symbol.slice(0, series.symbol.length - suffix.length),
    quoteCoin: suffix === "PERP" ? "USDC" : suffix,
    contractType: "LinearPerpetual",
    symbolType: "",
    status: "Trading",
    launchTimeMs: Math.min(ASSUMED_LAUNCH_MS, series.firstMs),
    deliveryTimeMs: null,
    priceDecimals: series.priceDecimals,
    tickUnits: series.tickUnits,
    quantityDecimals: series.quantityDecimals,
    quantityStepUnits: 1,
    fundingIntervalMinutes: FUNDING_INTERVAL_MS / 60_000,
    maxLeverage: 50,
    lastCandleMs: series.endMs - (series.recordings[0]?.intervalMs ?? 60_000),
  };
}
