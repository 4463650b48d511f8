import type { Candles } from "#libs/candles/candles.ts";
import { timeframeMs } from "#libs/candles/timeframe.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { readCandleSegments } from "#libs/recordings/read-candles.ts";
import type { StudyInput } from "#libs/strategy/study.ts";
import { type ReadingOptions, readOptions } from "./load-market.ts";

/**
 * Reads shorter candles of a market, without gaps or as its parts.
 * @throws InputError when they do not lie inside the timeframe's.
 */
export async function readDetail(
  path: string,
  { timeframe }: Pick<StudyInput, "timeframe">,
  options: ReadingOptions,
  nowMs: number,
): Promise<{ readonly segments: readonly Candles[]; readonly summary: string }> {
  const detail = await readCandleSegments(path, readOptions(options, nowMs));
  const intervalMs = timeframeMs(timeframe);
  const { intervalMs: detailMs } = detail.table;
  if (detailMs < intervalMs && intervalMs % detailMs === 0) return detail;
  throw new InputError(
    `${path}: candles of ${detailMs / 60_000} minutes do not lie inside candles of ${timeframe}: ` +
      "shorter ones that divide the timeframe are needed",
  );
}
