import { showTime } from "#libs/candles/candle-error.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { realSleep, type Sleep } from "#libs/runtime/sleep.ts";
import { CANDLE_INTERVALS_MS, type CandleRange } from "../market-data.ts";
import { MarketError } from "../market-error.ts";
import { makeCandleGrid, type Page } from "./candle-grid.ts";
import { type BybitClient, KLINE_LIMIT, type KlinePage } from "./client.ts";

export interface LoadPolicy {
  /** Pages of one range that are requested at the same time; the pacer's limit applies on top. */
  readonly concurrency: number;
  /**
   * Waits before a page with missing or invalid candles is fetched again. The exchange may publish a candle that has
   * just closed with a short delay.
   */
  readonly refetchDelaysMs: readonly number[];
  readonly sleep?: Sleep | undefined;
}

/**
 * The complete closed candles of a range, or a `MarketError`: see `MarketData.candles`.
 *
 * Pages are windows of at most 1,000 candles, because it is not documented which rows a longer range omits. The newest
 * page is first: its response has the exchange's time, which decides what has closed (kline rows have no such flag).
 * Older pages follow until one is empty at its beginning. Then one probe for older candles distinguishes a listing date
 * (no candles) from a gap.
 */
export async function loadCandles(
  client: BybitClient,
  range: CandleRange,
  policy: LoadPolicy,
): Promise<Candles> {
  const { symbol, intervalMs } = range;
  if (!CANDLE_INTERVALS_MS.includes(intervalMs)) {
    throw new MarketError("rejected", `${symbol}: Bybit has no ${intervalMs} ms candles`);
  }
  const fromMs = Math.ceil(range.fromMs / intervalMs) * intervalMs;
  const wantedEndMs = Math.floor(range.toMs / intervalMs) * intervalMs;
  const newest = wantedEndMs > fromMs ? await fetchNewest(client, range, fromMs, wantedEndMs) : null;
  if (newest === null) return makeCandleGrid(fromMs, intervalMs, 0).candlesFrom(0);

  const grid = makeCandleGrid(fromMs, intervalMs, (newest.endMs - fromMs) / intervalMs);
  const newestPage = makePage((newest.startMs - fromMs) / intervalMs, grid.length);
  grid.fill(newestPage, newest.rows, newest.timeMs);
  let unfetched = pagesBefore(newestPage.firstSlot);
  const pages = [newestPage, ...unfetched];

  async function fetchPage(page: Page): Promise<void> {
    const startMs = grid.openTimeMs(page.firstSlot);
    const endMs = grid.openTimeMs(page.endSlot - 1);
    const reply = await client.kline({ symbol, intervalMs, startMs, endMs });
    grid.fill(page, reply.rows, reply.timeMs);
  }

  /** Whether the exchange has a candle older than this slot: in the range, or at most a page before it. */
  async function hasOlder(slot: number): Promise<boolean> {
    const startMs = Math.max(0, grid.openTimeMs(-KLINE_LIMIT));
    const endMs = grid.openTimeMs(slot - 1);
    return endMs >= startMs && (await client.kline({ symbol, intervalMs, startMs, endMs })).rows.length > 0;
  }

  /** Fetches what is needed to find the first slot that must be filled: the range's or the listing's. */
  async function firstExpected(): Promise<number> {
    for (;;) {
      const begin = grid.firstFilled() ?? grid.length;
      if (begin === 0) return 0;
      const next = unfetched[0];
      if (next !== undefined && begin <= next.endSlot) {
        const isShort = (page: Page) => !grid.isFilled(page.firstSlot);
        unfetched = await forEachUntil(unfetched, policy.concurrency, fetchPage, isShort);
        continue;
      }
      if (!(await hasOlder(begin))) return begin;
      if (unfetched.length === 0) return 0;
      unfetched = await forEachUntil(unfetched, policy.concurrency, fetchPage, () => false);
    }
  }

  for (let round = 0; ; round++) {
    // Invalid rows first: while a page has some, its beginning does not show the listing date.
    let problems = pages.flatMap((page) => (page.fault === null ? [] : [{ page, ...page.fault }]));
    if (problems.length === 0) {
      const expected = await firstExpected();
      problems = pages.flatMap((page) => {
        if (page.fault !== null) return [{ page, ...page.fault }];
        const slot = grid.firstEmpty(Math.max(page.firstSlot, expected), page.endSlot);
        return slot === null ? [] : [{ page, slot, text: "missing candle" }];
      });
      if (problems.length === 0) return grid.candlesFrom(expected);
    }

    const delayMs = policy.refetchDelaysMs[round];
    if (delayMs === undefined) {
      const first = problems.reduce((a, b) => (b.slot < a.slot ? b : a));
      throw new MarketError(
        "incomplete",
        `${symbol}: ${intervalMs / 60_000}-minute candles are incomplete at ` +
          `${showTime(grid.openTimeMs(first.slot))}: ${first.text}; fetched ${round + 1} times`,
      );
    }
    await (policy.sleep ?? realSleep)(delayMs);
    const broken = problems.map((problem) => problem.page);
    await forEachUntil(broken, policy.concurrency, fetchPage, () => false);
  }
}

/** The page with the range's last closed candle; null if no candle of the range has closed yet. */
async function fetchNewest(
  client: BybitClient,
  { symbol, intervalMs }: CandleRange,
  fromMs: number,
  wantedEndMs: number,
): Promise<(KlinePage & { startMs: number; endMs: number }) | null> {
  let pageEndMs = wantedEndMs;
  for (;;) {
    const startMs = Math.max(fromMs, pageEndMs - KLINE_LIMIT * intervalMs);
    const reply = await client.kline({ symbol, intervalMs, startMs, endMs: pageEndMs - intervalMs });
    const closedMs = Math.floor(reply.timeMs / intervalMs) * intervalMs;
    if (closedMs <= fromMs) return null;
    if (closedMs > startMs) return { ...reply, startMs, endMs: Math.min(pageEndMs, closedMs) };
    // The whole page lies in the exchange's future.
    pageEndMs = closedMs;
  }
}

function makePage(firstSlot: number, endSlot: number): Page {
  return { firstSlot, endSlot, fault: null };
}

/** Pages of the slots `[0, endSlot)`, newest first. */
export function pagesBefore(endSlot: number): Page[] {
  const pages: Page[] = [];
  for (let end = endSlot; end > 0; end -= KLINE_LIMIT)
    pages.push(makePage(Math.max(0, end - KLINE_LIMIT), end));
  return pages;
}

/**
 * Processes the items in order, a few at a time, and starts no new one after `isLast` has returned true for a finished
 * one. Returns those not started.
 */
export async function forEachUntil<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
  isLast: (item: T) => boolean,
): Promise<T[]> {
  const queue = [...items];
  let stopped = false;
  async function worker(): Promise<void> {
    for (let item = queue[0]; item !== undefined && !stopped; item = queue[0]) {
      queue.shift();
      try {
        await work(item);
      } catch (error) {
        stopped = true;
        throw error;
      }
      if (isLast(item)) stopped = true;
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker));
  return queue;
}
