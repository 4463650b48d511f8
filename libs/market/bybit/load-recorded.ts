import { realSleep } from "#libs/runtime/sleep.ts";
import type { RecordedRange, RecordRange } from "../candle-recorder.ts";
import { CANDLE_INTERVALS_MS } from "../market-data.ts";
import { MarketError } from "../market-error.ts";
import { makeCandleGrid, type Page } from "./candle-grid.ts";
import { type BybitClient, KLINE_LIMIT } from "./client.ts";
import { forEachUntil, type LoadPolicy, pagesBefore } from "./load-candles.ts";

/**
 * The closed candles of a range with gaps, if the exchange has gaps: see `CandleRecorder`. Pages with a bad row or a
 * gap are fetched again before a candle counts as missing.
 */
export async function loadRecorded(
  client: BybitClient,
  range: RecordRange,
  policy: LoadPolicy,
): Promise<RecordedRange> {
  const { symbol, intervalMs, fromMs, toMs } = range;
  if (!CANDLE_INTERVALS_MS.includes(intervalMs)) {
    throw new MarketError("rejected", `${symbol}: Bybit has no candles of ${intervalMs} ms`);
  }
  const grid = makeCandleGrid(fromMs, intervalMs, (toMs - fromMs) / intervalMs);
  const pages = pagesBefore(grid.length);
  let exchangeMs = fromMs;

  async function fetchPage(page: Page): Promise<void> {
    const startMs = grid.openTimeMs(page.firstSlot);
    const endMs = grid.openTimeMs(page.endSlot - 1);
    const reply = await client.kline({ symbol, intervalMs, startMs, endMs });
    grid.fill(page, reply.rows, reply.timeMs);
    exchangeMs = Math.max(exchangeMs, reply.timeMs);
  }

  /** Slots before this one have closed. */
  const closedSlots = () =>
    Math.max(0, Math.min(grid.length, Math.floor((exchangeMs - fromMs) / intervalMs)));

  /** The first slot that must be filled: the range's, or the listing's. */
  async function firstExpected(): Promise<number> {
    const first = grid.firstFilled() ?? closedSlots();
    if (first === 0 || range.oldestMs === null) return 0;
    const startMs = Math.max(0, Math.min(range.oldestMs, fromMs) - KLINE_LIMIT * intervalMs);
    const older = await client.kline({ symbol, intervalMs, startMs, endMs: grid.openTimeMs(first - 1) });
    return older.rows.length > 0 ? 0 : first;
  }

  await forEachUntil(pages, policy.concurrency, fetchPage, () => false);
  for (let round = 0; ; round++) {
    const expected = await firstExpected();
    const missing = emptySlots(grid, expected, closedSlots());
    const broken = pages.filter(
      (page) => page.fault !== null || missing.some((slot) => slot >= page.firstSlot && slot < page.endSlot),
    );
    const delayMs = policy.refetchDelaysMs[round];
    if (broken.length === 0 || delayMs === undefined) {
      const [first] = missing;
      const fault = pages.find(
        ({ fault, firstSlot, endSlot }) =>
          fault !== null && first !== undefined && first >= firstSlot && first < endSlot,
      )?.fault;
      return {
        rows: grid.rows(),
        missingMs: missing.map(grid.openTimeMs),
        problem: first === undefined ? null : (fault?.text ?? "the exchange does not have it"),
        isListing: expected > 0,
      };
    }
    await (policy.sleep ?? realSleep)(delayMs);
    await forEachUntil(broken, policy.concurrency, fetchPage, () => false);
  }
}

function emptySlots(grid: ReturnType<typeof makeCandleGrid>, from: number, to: number): number[] {
  const slots: number[] = [];
  for (let slot = grid.firstEmpty(from, to); slot !== null; slot = grid.firstEmpty(slot + 1, to)) {
    slots.push(slot);
  }
  return slots;
}
