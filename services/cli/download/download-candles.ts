import type { CandleRecorder } from "#libs/market/candle-recorder.ts";
import { candleFileName } from "#libs/recordings/file-names.ts";
import { Coverage, type TimeRange } from "./coverage.ts";
import type { FolderLock } from "./folder-lock.ts";
import type { FolderState } from "./folder-state.ts";
import { Pieces } from "./pieces.ts";
import { pathOf, readRecording, writeMerged } from "./recording-file.ts";

/** Ten requests: what an interruption can cost. */
const PIECE_CANDLES = 10_000;
/** The interval of a file is not known from one candle. */
const FEWEST_ROWS = 2;
const EXCHANGE = "BYBIT";

export interface CandleParts {
  readonly recorder: CandleRecorder;
  readonly dir: string;
  readonly workFolder: string;
  readonly lock: FolderLock;
  readonly state: FolderState;
  readonly intervalMs: number;
  /** Called as parts arrive: how many of the candles that are to be fetched are there. */
  readonly onProgress: (symbol: string, done: number, total: number) => void;
}

export interface CandleReport {
  readonly path: string;
  /** Candles in the file; 0 when there is none. */
  readonly rows: number;
  readonly fetched: number;
  /** Open times that the exchange does not give. */
  readonly missingMs: readonly number[];
  readonly problem: string | null;
  /** The first candle of the coin, when it was listed after the window began. */
  readonly listedMs: number | null;
}

/**
 * Brings the recording of one coin up to the window: fetches what is neither in the file nor in the parts of an earlier
 * call, part by part, and writes the file when all of them are there.
 * @throws MarketError as the exchange does; the parts so far are kept.
 */
export async function downloadCandles(
  parts: CandleParts,
  symbol: string,
  window: TimeRange,
): Promise<CandleReport> {
  const { dir, workFolder, lock, state, intervalMs } = parts;
  const name = candleFileName({ exchange: EXCHANGE, symbol, intervalMinutes: intervalMs / 60_000 });
  const { path, exists } = await pathOf(dir, name);
  const existing = exists ? await readRecording(path, intervalMs) : null;
  const pieces = new Pieces(workFolder, name.replace(/\.csv\.gz$/, ""));

  const fromMs = Math.min(window.toMs, Math.max(window.fromMs, state.listing(symbol, intervalMs) ?? 0));
  const coverage = new Coverage({ fromMs, toMs: window.toMs }, intervalMs);
  let oldestMs = Number.POSITIVE_INFINITY;
  let unwritten = 0;
  const see = (openTimeMs: number) => {
    coverage.add(openTimeMs);
    oldestMs = Math.min(oldestMs, openTimeMs);
  };
  existing?.openTimeMs.forEach(see);
  for (const piece of await pieces.list()) {
    const rows = await pieces.read(piece);
    unwritten += rows.length;
    for (const row of rows) see(row.openTimeMs);
  }

  const ranges = coverage.missingRanges(PIECE_CANDLES);
  const total = ranges.reduce((sum, range) => sum + (range.toMs - range.fromMs) / intervalMs, 0);
  let done = 0;
  let fetched = 0;
  const missingMs: number[] = [];
  let problem: string | null = null;
  for (const range of ranges) {
    const found = await parts.recorder.recordedCandles({
      symbol,
      intervalMs,
      ...range,
      oldestMs: oldestMs < range.fromMs ? null : fromMs,
    });
    await lock.assertHeld();
    await pieces.write(found.rows);
    fetched += found.rows.length;
    missingMs.unshift(...found.missingMs);
    problem = found.problem ?? problem;
    done += (range.toMs - range.fromMs) / intervalMs;
    if (found.isListing) {
      await state.setListing(symbol, intervalMs, found.rows[0]?.openTimeMs ?? range.toMs);
      break;
    }
    parts.onProgress(symbol, done, total);
  }
  unwritten += fetched;
  const listing = state.listing(symbol, intervalMs);
  const report = {
    path,
    fetched,
    missingMs,
    problem,
    listedMs: listing !== null && listing > window.fromMs ? listing : null,
  };
  const known = (existing?.length ?? 0) + unwritten;
  if (unwritten === 0 || known < FEWEST_ROWS) return { ...report, rows: existing?.length ?? 0 };
  await lock.assertHeld();
  const { rows } = await writeMerged(path, existing, pieces);
  await pieces.removeAll();
  return { ...report, rows };
}
