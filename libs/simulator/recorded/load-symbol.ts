import { InputError } from "#libs/recordings/input-error.ts";
import { readCandleTable } from "#libs/recordings/read-candles.ts";
import { readFundingHistory } from "#libs/recordings/read-funding.ts";
import type { ReadOptions } from "#libs/recordings/read-options.ts";
import type { FundingRow } from "../source.ts";
import type { CandleFile, SymbolFiles } from "./folder.ts";
import { RecordedSymbol } from "./recorded-symbol.ts";
import { type Recording, recordingOf } from "./recording.ts";

/**
 * Reads the files of one symbol.
 * @param leaveOut is called with the reason for each file that cannot be used.
 * @returns null when no file of candles can be used.
 */
export async function loadSymbol(
  files: SymbolFiles,
  options: ReadOptions,
  leaveOut: (reason: string) => void,
): Promise<RecordedSymbol | null> {
  const recordings: Recording[] = [];
  for (const file of files.candles) {
    const recording = await unlessBroken(() => load(file, options), leaveOut);
    if (recording !== null) recordings.push(recording);
  }
  if (recordings.length === 0) return null;
  const { fundingPath } = files;
  const funding =
    fundingPath === null ? null : await unlessBroken(() => loadFunding(fundingPath, options), leaveOut);
  return new RecordedSymbol(files.symbol, recordings, funding ?? []);
}

async function unlessBroken<T>(
  read: () => Promise<T>,
  leaveOut: (reason: string) => void,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    leaveOut(error.message);
    return null;
  }
}

async function load({ path, name, intervalMs }: CandleFile, options: ReadOptions): Promise<Recording> {
  const { table } = await readCandleTable(path, options);
  if (table.intervalMs === intervalMs) return recordingOf(name, table);
  throw new InputError(
    `${path}: its name says ${intervalMs / 60_000} minutes, its candles are of ${table.intervalMs / 60_000}: rename it`,
  );
}

async function loadFunding(path: string, options: ReadOptions): Promise<readonly FundingRow[]> {
  const { timeMs, rate, length } = (await readFundingHistory(path, options)).rates;
  return Array.from({ length }, (_, i) => ({ timeMs: timeMs[i] ?? 0, rate: rate[i] ?? 0 }));
}
