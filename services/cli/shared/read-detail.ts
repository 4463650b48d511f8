import type { Candles } from "#libs/candles/candles.ts";
import { timeframeMs } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandles } from "#libs/recordings/read-candles.ts";
import type { StudyInput } from "#libs/strategy/study.ts";

/**
 * Reads shorter candles of a market.
 * @throws InputError when they do not lie inside the timeframe's.
 */
export async function readDetail(path: string, { timeframe }: StudyInput): Promise<Candles> {
  const detail = await readCandles(path);
  const intervalMs = timeframeMs(timeframe);
  if (detail.intervalMs < intervalMs && intervalMs % detail.intervalMs === 0) return detail;
  throw new InputError(
    `${path}: candles of ${detail.intervalMs / 60_000} minutes do not lie inside candles of ${timeframe}: ` +
      "shorter ones that divide the timeframe are needed",
  );
}
