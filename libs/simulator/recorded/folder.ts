import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  CANDLE_FILE_PATTERN,
  parseCandleFileName,
  parseFundingFileName,
} from "#libs/recordings/file-names.ts";
import { InputError } from "#libs/recordings/input-error.ts";

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

const HOME_EXCHANGE = "BYBIT";
const MINUTES_A_DAY = 1440;

/**
 * Which files of a folder are recordings. Everything else is left out and noted.
 * @throws InputError when the folder cannot be read or holds no recording.
 */
export function scanFolder(directory: string): RecordingFolder {
  const notes: string[] = [];
  const chosen = new Map<string, Map<number, CandleFile>>();
  const funding = new Map<string, string>();
  for (const entry of entriesOf(directory)) {
    const candle = parseCandleFileName(entry.name);
    const fundingSymbol = parseFundingFileName(entry.name);
    if (!entry.isFile) {
      notes.push(`ignored ${entry.name}: not a file`);
    } else if (fundingSymbol !== null) {
      if (funding.has(fundingSymbol))
        notes.push(`ignored ${entry.name}: ${fundingSymbol} already has funding rates`);
      else funding.set(fundingSymbol, join(directory, entry.name));
    } else if (candle === null) {
      notes.push(`ignored ${entry.name}: its name does not fit ${CANDLE_FILE_PATTERN}`);
    } else {
      const { exchange, symbol, intervalMinutes } = candle;
      if (intervalMinutes === 0 || MINUTES_A_DAY % intervalMinutes !== 0) {
        notes.push(`ignored ${entry.name}: ${intervalMinutes} minutes do not divide a day`);
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
    throw new InputError(`${directory}: no recorded candles; expected files named ${CANDLE_FILE_PATTERN}`);
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
    throw new InputError(`${directory}: cannot be read as a folder of recorded candles`, {
      cause: error,
    });
  }
}
