/**
 * How many signals a second one finder looks at, with the exchange simulator, the queue and the database in the
 * same process on the same core: a lower bound of what a finder with a core of its own does.
 * `npm run bench:finder`
 */

import { TIMEFRAMES } from "#libs/candles/timeframe.ts";
import { tradingSignalId } from "#libs/contracts/messages.ts";
import { TRADING_SIGNALS } from "#libs/contracts/queues.ts";
import { makeHistoryLoader } from "#libs/history/history.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import { makeExchangeClock } from "#libs/market/exchange-clock.ts";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { makeInProcessQueue } from "#libs/queue/in-process/in-process-queue.ts";
import { monotonicMs, simulatedClock } from "#libs/runtime/clock.ts";
import { makeLogger } from "#libs/runtime/logging.ts";
import { pause } from "#libs/runtime/pause.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { makeLedgerStore } from "#libs/store/dynamodb/ledger-store.ts";
import { makePositionsStore } from "#libs/store/dynamodb/positions-store.ts";
import { STRATEGIES } from "#libs/strategy/registry.ts";
import { print } from "#libs/terminal/terminal.ts";
import { finderConfig } from "#services/finder/config.ts";
import { makeFind } from "#services/finder/find.ts";
import { tradeRulesOf } from "#services/shared/trade-rules-of.ts";
import { clientOf, freshTables, startEmbedded } from "#test/support/database/dynamodb.ts";
import { tradingSignal } from "#test/support/factories/messages.ts";

const COINS = 30;
const config = finderConfig({});
const clock = simulatedClock(DEFAULT_START_MS, 0);
const logger = makeLogger({ level: "error", format: "json" });
const source = syntheticExchange();
const simulator = await startExchangeSimulator({ source, clock });
const database = await startEmbedded();
const client = clientOf(database.endpoint);
const tables = await freshTables(client);
const queue = makeInProcessQueue({ logger, clock });
const market = makeBybitMarketData({ baseUrl: simulator.url, requestsPerSecond: 1_000 });
const find = makeFind({
  logger,
  clock: makeExchangeClock(market, clock),
  stopping: new AbortController().signal,
  pause,
  history: makeHistoryLoader(market),
  instruments: makeInstrumentCatalog(market, clock),
  ledger: makeLedgerStore(client, { tableName: tables.signals.name, clock, logger }),
  source: { market: "synthetic", simulated: true },
  positions: makePositionsStore(client, { tableName: tables.positions.name, clock, logger }),
  rules: tradeRulesOf(config),
  finderCandles: config.finderCandles,
  signalMaxAgeSeconds: config.signalMaxAgeSeconds,
  codeVersion: "bench",
});

const symbols = (await market.instruments())
  .filter(
    (one) => one.contractType === "LinearPerpetual" && one.quoteCoin === "USDT" && one.symbolType === "",
  )
  .slice(0, COINS)
  .map((one) => one.symbol);
const minute = Math.floor(DEFAULT_START_MS / 60_000);
const signals = symbols.flatMap((symbol) =>
  TIMEFRAMES.flatMap((timeframe) =>
    STRATEGIES.map(({ name }) =>
      tradingSignal({
        signalId: tradingSignalId(symbol, timeframe, name, minute),
        symbol,
        timeframe,
        strategy: name,
        issuedAt: DEFAULT_START_MS,
      }),
    ),
  ),
);

// Every series is loaded from the simulator: nothing is in a cache yet, as just after a start.
let ended = 0;
const startedMs = monotonicMs();
const consumer = await queue.consume(
  TRADING_SIGNALS,
  async (delivery) => {
    const outcome = await find(delivery);
    ended += 1;
    return outcome;
  },
  { prefetch: config.prefetchCount },
);
await queue.publish(TRADING_SIGNALS, signals);
while (ended < signals.length) await pause(5);
const seconds = (monotonicMs() - startedMs) / 1000;
print(
  `${signals.length} signals in ${seconds.toFixed(1)} s: ${(signals.length / seconds).toFixed(0)} a second\n`,
);
await consumer.stop();
await queue.close();
client.destroy();
await database.close();
await simulator.close();
