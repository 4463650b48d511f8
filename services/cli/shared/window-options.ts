import type { Command } from "commander";
import { showTime } from "#libs/candles/candle-error.ts";
import { type Candles, endMs, openTimeMs } from "#libs/candles/candles.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { moment } from "#services/shared/arguments.ts";

/** The options that `withWindowOptions` adds, in ms. */
export interface WindowOptions {
  readonly from?: number;
  readonly to?: number;
}

/** Adds the options that limit the window. Candles before it only warm up; those after it do not exist. */
export function withWindowOptions(command: Command): Command {
  return command
    .option(
      "--from <timestamp>",
      "start of the window, such as 2026-01-15T12:00Z; candles before it only warm up",
      moment,
    )
    .option("--to <timestamp>", "end of the window: candles that close later are not used", moment);
}

/** The candles of a window: `[firstIndex, endIndex)`. */
export interface CandleWindow {
  readonly firstIndex: number;
  readonly endIndex: number;
}

/** @throws InputError naming the moments and those of the candles when the window holds no candle. */
export function candleWindow(path: string, candles: Candles, { from, to }: WindowOptions): CandleWindow {
  if (from !== undefined && to !== undefined && from >= to) {
    throw new InputError(
      `--from ${showTime(from)} is not before --to ${showTime(to)}: give an earlier --from`,
    );
  }
  const indexAt = (ms: number): number => (ms - candles.startMs) / candles.intervalMs;
  const firstIndex = from === undefined ? 0 : Math.max(0, Math.ceil(indexAt(from)));
  const endIndex = to === undefined ? candles.length : Math.min(candles.length, Math.floor(indexAt(to)));
  if (firstIndex < endIndex) return { firstIndex, endIndex };
  const asked = [
    ...(from === undefined ? [] : [`--from ${showTime(from)}`]),
    ...(to === undefined ? [] : [`--to ${showTime(to)}`]),
  ].join(" ");
  throw new InputError(
    `${asked} leaves no candle of ${path}, which holds ${showTime(openTimeMs(candles, 0))} to ${showTime(endMs(candles))}: ` +
      "give moments inside it",
  );
}
