import { type Candles, endMs } from "#libs/candles/candles.ts";
import { sliceCandles } from "#libs/candles/make-candles.ts";
import { MINUTE_MS } from "#libs/candles/timeframe.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { MarketError } from "#libs/market/market-error.ts";

/** The exchange gives so many candles at once: a run asks for one page of a symbol and no more. */
const PAGE_CANDLES = 1_000;

/** What a look at the exchange has brought. */
export type Fetched =
  /** A page, or what there was to fetch: nothing. `incomplete`: a page with a hole, of which the next run asks for half. */
  | { readonly kind: "fetched" | "up-to-date" | "incomplete" }
  /** The candle that follows is missing; it closed, or should have, at `missingMs`. */
  | { readonly kind: "missing"; readonly missingMs: number; readonly reason: string };

/** The one-minute candles of a symbol since its oldest open signal, as far as they have been fetched. */
export interface FollowedSymbol {
  readonly minutes: Candles;
  /** Makes the series begin at `fromMs`, and forgets what lies before it. */
  startAt(fromMs: number): void;
  /**
   * Fetches what follows, one page at most.
   * @throws MarketError, but for candles that are missing.
   */
  fetchUntil(toMs: number): Promise<Fetched>;
}

export function followSymbol(market: Pick<MarketData, "candles">, symbol: string): FollowedSymbol {
  let minutes = emptyAt(0);
  // Halved while a page has a hole, so that what lies before the hole is reached.
  let pageCandles = PAGE_CANDLES;

  return {
    get minutes() {
      return minutes;
    },
    startAt(fromMs) {
      const skipped = (fromMs - minutes.startMs) / MINUTE_MS;
      const isInside = skipped >= 0 && skipped <= minutes.length;
      minutes = isInside ? compact(sliceCandles(minutes, skipped)) : emptyAt(fromMs);
      // Behind a hole, or from the beginning: nothing is known of what follows.
      if (!isInside) pageCandles = PAGE_CANDLES;
    },
    async fetchUntil(toMs) {
      const fromMs = endMs(minutes);
      const pageEndMs = Math.min(toMs, fromMs + pageCandles * MINUTE_MS);
      if (pageEndMs <= fromMs) return { kind: "up-to-date" };
      const range = { symbol, intervalMs: MINUTE_MS, fromMs, toMs: pageEndMs };
      try {
        const page = await market.candles(range);
        if (page.length === 0 || page.startMs !== fromMs) throw missing(symbol, fromMs);
        // The series changed while the page was fetched: the next run asks for what follows.
        if (endMs(minutes) !== fromMs) return { kind: "up-to-date" };
        minutes = joined(minutes, page);
        pageCandles = Math.min(PAGE_CANDLES, pageCandles * 2);
        return { kind: "fetched" };
      } catch (error) {
        if (!(error instanceof MarketError) || error.kind !== "incomplete") throw error;
        const asked = (pageEndMs - fromMs) / MINUTE_MS;
        pageCandles = Math.max(1, Math.floor(asked / 2));
        if (asked > 1) return { kind: "incomplete" };
        return { kind: "missing", missingMs: pageEndMs, reason: error.message };
      }
    },
  };
}

function missing(symbol: string, fromMs: number): MarketError {
  return new MarketError("incomplete", `${symbol}: no candle at ${new Date(fromMs).toISOString()}`);
}

function emptyAt(startMs: number): Candles {
  const none = new Float64Array();
  return {
    intervalMs: MINUTE_MS,
    startMs,
    length: 0,
    open: none,
    high: none,
    low: none,
    close: none,
    volume: none,
  };
}

function joined(before: Candles, after: Candles): Candles {
  const length = before.length + after.length;
  const column = (name: "open" | "high" | "low" | "close" | "volume") => {
    const values = new Float64Array(length);
    values.set(before[name].subarray(0, before.length));
    values.set(after[name].subarray(0, after.length), before.length);
    return values;
  };
  return {
    intervalMs: MINUTE_MS,
    startMs: before.startMs,
    length,
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    volume: column("volume"),
  };
}

/** A view would keep the whole series it was cut from. */
function compact(candles: Candles): Candles {
  return joined(emptyAt(candles.startMs), candles);
}
