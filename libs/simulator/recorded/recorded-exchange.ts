import { InputError } from "#libs/recordings/input-error.ts";
import type { ReadOptions } from "#libs/recordings/read-options.ts";
import type { CandlePage, DayStatistics, ExchangeSource, FundingRow, Listing } from "../source.ts";
import { scanFolder } from "./folder.ts";
import { loadSymbol } from "./load-symbol.ts";
import type { RecordedSymbol } from "./recorded-symbol.ts";

/** A market that was recorded, with its coverage. */
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
 * (interval in minutes), with an optional funding_SYMBOL.csv[.gz] beside them. Only prices before the
 * clock are served; what is missing in a recording is missing here. A file that cannot be used is left out and noted.
 * @param options `nowMs`: candles that end later have not closed (default: all have).
 * @throws InputError when the folder holds no recording that can be used.
 */
export async function recordedExchange(
  options: ReadOptions & { readonly directory: string },
): Promise<RecordedExchange> {
  const { directory, ...readOptions } = options;
  const folder = scanFolder(directory);
  const symbols = new Map<string, RecordedSymbol>();
  const broken: string[] = [];
  for (const [symbol, files] of folder.symbols) {
    const series = await loadSymbol(files, readOptions, (reason) => broken.push(`left out ${reason}`));
    if (series !== null) symbols.set(symbol, series);
  }
  if (symbols.size === 0) throw new InputError(`${directory}: no recording can be used: ${broken[0]}`);
  return new FolderExchange(
    `SIMULATED exchange that replays recorded candles of ${directory}`,
    [...folder.notes, ...broken],
    symbols,
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
