import type { RecordedExchange } from "./recorded-exchange.ts";

const HALF_HOUR_MS = 30 * 60_000;
const AFTER_BOUNDARY_MS = 30_000;

/**
 * The default start of a replay: half a minute after the last half-hour boundary that the most symbols reach, so that
 * the last candle of every timeframe has just closed and the whole recording is available as history.
 */
export function defaultReplayStartMs(source: RecordedExchange): number {
  const spans = source.coverage();
  const reaching = (timeMs: number) =>
    spans.filter(({ fromMs, toMs }) => fromMs < timeMs && timeMs <= toMs).length;
  let best = { symbols: 0, timeMs: 0 };
  for (const { toMs } of spans) {
    const symbols = reaching(toMs);
    if (symbols > best.symbols || (symbols === best.symbols && toMs > best.timeMs)) {
      best = { symbols, timeMs: toMs };
    }
  }
  const boundary = Math.floor((best.timeMs - AFTER_BOUNDARY_MS) / HALF_HOUR_MS) * HALF_HOUR_MS;
  return boundary + AFTER_BOUNDARY_MS;
}
