import { endMs, openTimeMs } from "#libs/candles/candles.ts";
import { FRAMES, frameWindow } from "#libs/strategy/frames.ts";
import { frameSeries } from "#libs/strategy/study.ts";
import type { SearchSubject } from "./search-subject.ts";

/** Names of the Fibonacci frames that have no full window yet when the first test window begins. Live has them all. */
export function absentFrames({ market, walkForward }: SearchSubject): string[] {
  const [first] = walkForward.windows;
  const beginsMs = openTimeMs(market.candles, first?.test.from ?? 0);
  return FRAMES.filter((frame) => {
    const series = frameSeries(market, frame);
    if (series === null) return true;
    const fullMs = openTimeMs(series, frameWindow(frame, market.timeframe));
    return fullMs > beginsMs || fullMs > endMs(series);
  }).map(({ name }) => name);
}
