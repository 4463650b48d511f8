import { showTime } from "#libs/candles/candle-error.ts";
import type { Candles } from "#libs/candles/candles.ts";
import { realSleep, type Sleep } from "#libs/runtime/sleep.ts";
import { CANDLE_INTERVALS_MS, type CandleRange } from "../market-data.ts";
import { MarketError } from "../market-error.ts";
import { makeCandleGrid, type Page } from "./candle-grid.ts";
import { type BybitClient, KLINE_LIMIT, type KlinePage } from "./client.ts";

export interface LoadPolicy {
  /** Pages of one range that are asked for at the same time; the pacer stands above it. */
  readonly concurrency: number;
  /**
   * Waits before a page with missing or bad candles is fetched again. The exchange may be a moment late
   * with a candle that has just closed.
   */
  readonly refetchDelaysMs: readonly number[];
  readonly sleep?: Sleep | undefined;
}

/**
 * The closed candles of a range, whole, or a `MarketError`: see `MarketData.candles`.
 *
 * Pages are windows of at most 1,000 candles, because it is not documented which rows a longer range loses.
 * The newest goes first: its reply brings the exchange's time, which alone decides what has closed (the
 * kline rows carry no such flag). Older ones follow until a page is empty at its beginning. Then one probe
 * of everything older tells a listing date (nothing there) from a hole.
 */
export async function loadCandles(
  client: BybitClient,
  range: CandleRange,
  policy: LoadPolicy,
): Promise<Candles> {
  const { symbol, intervalMs } = range;
  if (!CANDLE_INTERVALS_MS.includes(intervalMs)) {
    throw new MarketError("rejected", `${symbol}: Bybit has no candles of ${intervalMs} ms`);
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

  /** Whether the exchange has a candle older than this slot: in the range, or up to a page before it. */
  async function hasOlder(slot: number): Promise<boolean> {
    const startMs = Math.max(0, grid.openTimeMs(-KLINE_LIMIT));
    const endMs = grid.openTimeMs(slot - 1);
    return endMs >= startMs && (await client.kline({ symbol, intervalMs, startMs, endMs })).rows.length > 0;
  }

  /** Fetches what is needed to know the first slot that must be filled: the range's, or the listing's. */
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
    // Bad rows first: while a page has some, its beginning says nothing about the listing date.
    let problems = pages.flatMap((page) => (page.fault === null ? [] : [{ page, ...page.fault }]));
    if (problems.length === 0) {
      const expected = await firstExpected();
      problems = pages.flatMap((page) => {
        if (page.fault !== null) return [{ page, ...page.fault }];
        const slot = grid.firstEmpty(Math.max(page.firstSlot, expected), page.endSlot);
        return slot === null ? [] : [{ page, slot, text: "the candle is missing" }];
      });
      if (problems.length === 0) return grid.candlesFrom(expected);
    }

    const delayMs = policy.refetchDelaysMs[round];
    if (delayMs === undefined) {
      const first = problems.reduce((a, b) => (b.slot < a.slot ? b : a));
      throw new MarketError(
        "incomplete",
        `${symbol}: candles of ${intervalMs / 60_000} minutes are incomplete at ` +
          `${showTime(grid.openTimeMs(first.slot))}: ${first.text}; fetched ${round + 1} times`,
      );
    }
    await (policy.sleep ?? realSleep)(delayMs);
    const broken = problems.map((problem) => problem.page);
    await forEachUntil(broken, policy.concurrency, fetchPage, () => false);
  }
}

/** The page with the range's last closed candle; null when no candle of the range has closed yet. */
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
function pagesBefore(endSlot: number): Page[] {
  const pages: Page[] = [];
  for (let end = endSlot; end > 0; end -= KLINE_LIMIT)
    pages.push(makePage(Math.max(0, end - KLINE_LIMIT), end));
  return pages;
}

/**
 * Works on the items in order, a few at a time, and takes no new one after `isLast` has answered true for
 * one that is done. Returns those not taken.
 */
async function forEachUntil<T>(
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
