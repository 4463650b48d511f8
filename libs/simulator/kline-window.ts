/** Bybit's interval parameter in minutes. Weeks and months are not simulated. */
const INTERVAL_MINUTES: ReadonlyMap<string, number> = new Map([
  ...["1", "3", "5", "15", "30", "60", "120", "240", "360", "720"].map(
    (text) => [text, Number(text)] as const,
  ),
  ["D", 1440],
]);

/** Null for an interval the exchange does not serve. */
export function intervalMsOf(interval: string | null): number | null {
  const minutes = interval === null ? undefined : INTERVAL_MINUTES.get(interval);
  return minutes === undefined ? null : minutes * 60_000;
}

/**
 * The open times that a kline request covers, both ends inclusive, at most `limit` slots. With both ends or only an
 * end, the newest are kept; with only a start, the oldest: Bybit does not document it.
 */
export function klineWindow(request: {
  readonly intervalMs: number;
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly limit: number;
  /** Start of the contract's newest possible candle. */
  readonly newestMs: number;
}): { readonly fromMs: number; readonly toMs: number } {
  const { intervalMs, startMs, endMs, newestMs } = request;
  const span = (request.limit - 1) * intervalMs;
  const down = (timeMs: number) => Math.floor(timeMs / intervalMs) * intervalMs;
  const up = (timeMs: number) => Math.ceil(timeMs / intervalMs) * intervalMs;
  const newest = down(newestMs);
  if (startMs !== null && endMs === null) {
    const fromMs = up(startMs);
    return { fromMs, toMs: Math.min(newest, fromMs + span) };
  }
  const toMs = Math.min(newest, down(endMs ?? newest));
  return { fromMs: Math.max(startMs === null ? -Infinity : up(startMs), toMs - span), toMs };
}
