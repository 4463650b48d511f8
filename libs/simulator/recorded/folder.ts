import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RecordingError } from "./recording.ts";

export interface CandleFile {
  readonly path: string;
  readonly name: string;
  readonly exchange: string;
  readonly intervalMs: number;
}

/** The files of one symbol. */
export interface SymbolFiles {
  readonly symbol: string;
  /** Shortest interval first; one file per interval. */
  readonly candles: readonly CandleFile[];
  readonly fundingPath: string | null;
}

export interface RecordingFolder {
  readonly symbols: ReadonlyMap<string, SymbolFiles>;
  readonly notes: readonly string[];
}

const CANDLE_NAME = /^([A-Z0-9]+)_([A-Z0-9]+)_(\d+)\.csv(?:\.gz)?$/;
const FUNDING_NAME = /^funding_([A-Z0-9]+)\.csv(?:\.gz)?$/;
const PATTERN = "EXCHANGE_SYMBOL_INTERVAL.csv[.gz], for example BYBIT_BTCUSDT_1.csv.gz";
const HOME_EXCHANGE = "BYBIT";
const MINUTES_A_DAY = 1440;

/**
 * Finds the recordings in a folder. Everything else is ignored and noted.
 * @throws RecordingError if the folder cannot be read or contains no recording.
 */
export function scanFolder(directory: string): RecordingFolder {
  const notes: string[] = [];
  const chosen = new Map<string, Map<number, CandleFile>>();
  const funding = new Map<string, string>();
  for (const entry of entriesOf(directory)) {
    const candle = CANDLE_NAME.exec(entry.name);
    const fundingSymbol = FUNDING_NAME.exec(entry.name)?.[1];
    if (!entry.isFile) {
      notes.push(`ignored ${entry.name}: not a file`);
    } else if (fundingSymbol !== undefined) {
      if (funding.has(fundingSymbol))
        notes.push(`ignored ${entry.name}: ${fundingSymbol} already has funding rates`);
      else funding.set(fundingSymbol, join(directory, entry.name));
    } else if (candle === null) {
      notes.push(`ignored ${entry.name}: its name does not match ${PATTERN}`);
    } else {
      const [, exchange = "", symbol = "", minutes = ""] = candle;
      const intervalMinutes = Number(minutes);
      if (intervalMinutes === 0 || MINUTES_A_DAY % intervalMinutes !== 0) {
        notes.push(`ignored ${entry.name}: a day is not a multiple of ${minutes} minutes`);
        continue;
      }
      const file = {
        path: join(directory, entry.name),
        name: entry.name,
        exchange,
        intervalMs: intervalMinutes * 60_000,
      };
      const byInterval = chosen.get(symbol) ?? new Map<number, CandleFile>();
      chosen.set(symbol, byInterval);
      const other = byInterval.get(file.intervalMs);
      const keep = other === undefined || (exchange === HOME_EXCHANGE && other.exchange !== HOME_EXCHANGE);
      if (keep) byInterval.set(file.intervalMs, file);
      if (other !== undefined) {
        const [kept, left] = keep ? [file, other] : [other, file];
        notes.push(`ignored ${left.name}: ${kept.name} has the same symbol and interval`);
      }
    }
  }
  if (chosen.size === 0) {
    throw new RecordingError(`${directory}: no recorded candles; expected files named ${PATTERN}`);
  }
  const symbols = [...chosen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([symbol, byInterval]) => ({
      symbol,
      candles: [...byInterval.values()].sort((a, b) => a.intervalMs - b.intervalMs),
      fundingPath: funding.get(symbol) ?? null,
    }));
  for (const symbol of funding.keys()) {
    if (!chosen.has(symbol)) notes.push(`ignored funding rates of ${symbol}: it has no candles`);
  }
  return { symbols: new Map(symbols.map((files) => [files.symbol, files])), notes };
}

function entriesOf(directory: string): readonly { readonly name: string; readonly isFile: boolean }[] {
  try {
    return (
      readdirSync(directory, { withFileTypes: true })
        // Hidden ones are a tool's own: the download's work folder, a desktop's notes.
        .filter((entry) => !entry.name.startsWith("."))
        .map((entry) => ({ name: entry.name, isFile: entry.isFile() || entry.isSymbolicLink() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    );
  } catch (error) {
    throw new RecordingError(`${directory}: cannot be read as a folder of recorded candles`, {
      cause: error,
    });
  }
}
