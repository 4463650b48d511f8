import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { LedgerItem } from "#libs/contracts/ledger-item.ts";
import type { LocalExchange } from "./exchange.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Progress } from "./progress-view.ts";

/** How far the clock is set forward at a time: a candle of each timeframe closes. */
const STEP_MS = 30 * MINUTE_MS;
/** What has not ended by then is reported as open. */
const FOLLOWED_HOURS = 24;

/**
 * Follows the signals that were found until they have ended, on a simulated clock that is set forward: in seconds of
 * real time, a day at most, and not beyond the end of a recording. A live market's clock cannot be set forward: what is
 * found there is reported as it stands.
 * @returns the signals with their outcomes, oldest first.
 */
export async function followToTheEnd(
  pipeline: Pipeline,
  exchange: Pick<LocalExchange, "clock" | "advance" | "endMs">,
  progress: Progress,
  stopping: AbortSignal,
): Promise<readonly LedgerItem[]> {
  const found = await pipeline.ledger.open();
  const { advance, clock } = exchange;
  const lastMs = Math.min(
    exchange.endMs ?? Number.POSITIVE_INFINITY,
    clock.nowMs() + FOLLOWED_HOURS * 60 * MINUTE_MS,
  );
  progress.activity = "following the signals to their end";
  let open = found.length;
  while (advance !== null && open > 0 && clock.nowMs() < lastMs && !stopping.aborted) {
    advance(Math.min(STEP_MS, lastMs - clock.nowMs()));
    open = (await pipeline.settle()).open;
  }
  const followed = await Promise.all(found.map((item) => pipeline.ledger.get(item)));
  return followed.map((item, i) => item ?? found[i]).filter((item) => item !== undefined);
}
