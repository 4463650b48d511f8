import { at } from "#libs/candles/at.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { fundingFileName } from "#libs/recordings/file-names.ts";
import { readFunding } from "#libs/recordings/read-funding.ts";
import { writeFunding } from "#libs/recordings/write-recording.ts";
import type { TimeRange } from "./coverage.ts";
import type { FolderLock } from "./folder-lock.ts";
import type { FolderState } from "./folder-state.ts";
import { pathOf } from "./recording-file.ts";

/** A settlement may appear some minutes late: what is younger is asked for again by a later call. */
const LATE_MS = 5 * 60_000;

export interface FundingParts {
  readonly market: Pick<MarketData, "fundingRates">;
  readonly dir: string;
  readonly lock: FolderLock;
  readonly state: FolderState;
}

export interface FundingReport {
  readonly path: string;
  /** Rates in the file; 0 when there is none. */
  readonly rows: number;
  readonly fetched: number;
}

/** Brings the settled funding rates of one coin up to the window; asks only for times that were not asked for. */
export async function downloadFunding(
  parts: FundingParts,
  symbol: string,
  window: TimeRange,
): Promise<FundingReport> {
  const { dir, lock, state } = parts;
  const { path, exists } = await pathOf(dir, fundingFileName(symbol));
  const rates = new Map<number, number>();
  if (exists) {
    const stored = await readFunding(path);
    for (let i = 0; i < stored.length; i++) rates.set(at(stored.timeMs, i), at(stored.rate, i));
  }
  const before = rates.size;
  const times = [...rates.keys()];
  // A file that was not made here covers what lies between its ends.
  const known = exists
    ? (state.funding(symbol) ?? { fromMs: Math.min(...times), toMs: Math.max(...times) })
    : null;
  for (const range of unasked(known, window)) {
    // The market's range is open at its beginning.
    const found = await parts.market.fundingRates({ symbol, fromMs: range.fromMs - 1, toMs: range.toMs });
    for (let i = 0; i < found.length; i++) rates.set(at(found.timeMs, i), at(found.rate, i));
  }
  await lock.assertHeld();
  const fetched = rates.size - before;
  if (fetched > 0) await write(path, rates);
  // Without a file nothing is known the next time.
  if (rates.size > 0) {
    const settledMs = Math.max(window.toMs - LATE_MS, ...rates.keys());
    await state.setFunding(symbol, {
      fromMs: Math.min(window.fromMs, known?.fromMs ?? window.fromMs),
      toMs: Math.max(settledMs, known?.toMs ?? settledMs),
    });
  }
  return { path, rows: rates.size, fetched };
}

/** What lies before and after what is known. A window far away is fetched together with what lies between. */
function unasked(known: TimeRange | null, window: TimeRange): TimeRange[] {
  if (known === null) return [window];
  const ranges: TimeRange[] = [];
  if (window.fromMs < known.fromMs) ranges.push({ fromMs: window.fromMs, toMs: known.fromMs - 1 });
  if (window.toMs - known.toMs > LATE_MS) ranges.push({ fromMs: known.toMs + 1, toMs: window.toMs });
  return ranges;
}

async function write(path: string, rates: ReadonlyMap<number, number>): Promise<void> {
  const writer = await writeFunding(path);
  try {
    const ascending = [...rates].sort(([a], [b]) => a - b);
    await writer.write(ascending.map(([timeMs, rate]) => ({ timeMs, rate })));
    await writer.commit();
  } finally {
    await writer.discard();
  }
}
