import type { Clock } from "#libs/runtime/clock.ts";
import type { Instrument, MarketData } from "./market-data.ts";
import { MarketError } from "./market-error.ts";

/** Tick sizes change rarely, listings a few times a day. */
const LIFE_MS = 60 * 60_000;
/** A missing symbol may have been listed a moment ago, but not every signal may trigger a request. */
const MISS_LIFE_MS = 60_000;

/** Looks up single symbols in one cached request for all; concurrent callers share the request. */
export function makeInstrumentCatalog(market: MarketData, clock: Clock) {
  let loadedMs = Number.NEGATIVE_INFINITY;
  let bySymbol: Promise<ReadonlyMap<string, Instrument>> | null = null;

  function load(): Promise<ReadonlyMap<string, Instrument>> {
    loadedMs = clock.nowMs();
    const loading = market.instruments().then((all) => new Map(all.map((one) => [one.symbol, one])));
    loading.catch(() => {
      if (bySymbol === loading) bySymbol = null;
    });
    bySymbol = loading;
    return loading;
  }

  return {
    /** @throws MarketError of kind `unknown-symbol` when the exchange does not list it. */
    async find(symbol: string): Promise<Instrument> {
      const olderThan = (lifeMs: number) => clock.nowMs() - loadedMs > lifeMs;
      const known = await (bySymbol === null || olderThan(LIFE_MS) ? load() : bySymbol);
      const found = known.get(symbol) ?? (olderThan(MISS_LIFE_MS) ? (await load()).get(symbol) : undefined);
      if (found === undefined)
        throw new MarketError("unknown-symbol", `${symbol} is not listed on the exchange`);
      return found;
    },
  };
}

export type InstrumentCatalog = ReturnType<typeof makeInstrumentCatalog>;
