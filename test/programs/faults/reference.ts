import type { TradingSignal } from "#libs/contracts/messages.ts";
import type { PositionItem } from "#libs/contracts/position-item.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import type { ResultsItem } from "#libs/contracts/results-item.ts";
import type { ScanItem, UniverseEntry } from "#libs/contracts/scan-item.ts";
import { POSITIONS_TABLE } from "#libs/contracts/tables.ts";
import { makeHistoryLoader } from "#libs/history/history.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { createTables } from "#libs/store/dynamodb/tables/create-tables.ts";
import { makeFind } from "#services/finder/find.ts";
import { localConfig } from "#services/local/config.ts";
import { scanAndBacktest } from "#services/local/cycle.ts";
import { startPipeline } from "#services/local/pipeline.ts";
import { emptyProgress } from "#services/local/progress-view.ts";
import { tradeRulesOf } from "#services/shared/trade-rules-of.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { clientOf } from "#test/support/database/dynamodb.ts";
import { START_MS, WORLD_SETTINGS } from "./settings.ts";

/** The same world without a fault: what every run must end in. */
export interface Reference {
  readonly scan: ScanItem;
  readonly universe: readonly UniverseEntry[];
  readonly results: readonly ResultsItem[];
  /** One for each selected strategy. */
  readonly signals: readonly TradingSignal[];
  /**
   * The position of each signal that finds an entry, on its own. Several strategies may find one on the same
   * candle of a symbol: the first to be stored holds it, and which one that is depends on who was faster.
   */
  readonly positions: readonly PositionItem[];
}

/** Runs the world once, in one process and without faults. */
export async function makeReference(source: ExchangeSource): Promise<Reference> {
  const clock = simulatedClock(START_MS, 0);
  const simulator = await startExchangeSimulator({ source, clock });
  const releases: (() => Promise<void> | void)[] = [() => simulator.close()];
  const own = <T>(resource: T, release: (resource: T) => Promise<void> | void): T => {
    releases.push(() => release(resource));
    return resource;
  };
  const stopping = new AbortController().signal;
  const { logger } = capturedLogger();
  const market = makeBybitMarketData({ baseUrl: simulator.url, requestsPerSecond: 1_000 });
  const config = localConfig(WORLD_SETTINGS);
  try {
    const pipeline = await startPipeline(
      { own, stopping },
      {
        exchange: {
          market,
          clock,
          speed: 0,
          advance: null,
          endMs: null,
          description: "",
          simulated: true,
          source: { market: "unknown", simulated: null },
          seed: null,
          notes: [],
          replay: null,
        },
        config,
        port: 0,
        loggerOf: () => logger,
        events: { signalEnded: () => {}, signalSettled: () => {} },
      },
    );
    const scanned = await scanAndBacktest(pipeline, emptyProgress(), stopping);
    if (scanned === null) throw new Error("the reference scan was held by somebody else");
    const selected = await pipeline.select();
    if (selected.kind === "held") throw new Error("the reference selection was held by somebody else");

    const positions: PositionItem[] = [];
    const dynamo = own(clientOf(pipeline.endpoint), (client) => client.destroy());
    const find = makeFind({
      logger,
      clock: makeExchangeClock(market, clock),
      stopping,
      pause: async () => {},
      history: makeHistoryLoader(market),
      instruments: makeInstrumentCatalog(market, clock),
      source: { market: "unknown", simulated: null },
      ledger: { record: async () => ({ kind: "recorded" }) },
      positions: {
        // A table for each: no entry meets another one's.
        put: async (position) => {
          const tableName = `alone-${positions.length}`;
          await createTables(dynamo, [{ ...POSITIONS_TABLE, name: tableName }]);
          const store = makePositionsStore(dynamo, { tableName, clock, logger });
          const outcome = await store.put(position);
          positions.push(...(await store.active()));
          return outcome;
        },
        active: async () => positions,
        confident: async () => positions,
      },
      rules: tradeRulesOf(config),
      finderCandles: config.finderCandles,
      signalMaxAgeSeconds: config.signalMaxAgeSeconds,
      codeVersion: config.codeVersion,
    });
    for (const message of selected.taken) {
      await find({ message, messageId: TRADING_SIGNALS.messageId(message), attempt: 1, redelivered: false });
    }
    const scanId = scanned.scanned.scanId;
    return {
      scan: scanned.item,
      universe: scanned.scanned.universe,
      results: await pipeline.results.ofScan(scanId),
      signals: selected.taken,
      positions,
    };
  } finally {
    for (const release of releases.reverse()) await release();
  }
}
