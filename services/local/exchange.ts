import { ConfigurationError } from "#libs/config/configuration.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { type Clock, simulatedClock, systemClock } from "#libs/runtime/clock.ts";
import type { ServiceScope } from "#libs/runtime/lifecycle.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import { defaultReplayStartMs } from "#libs/simulator/recorded/replay-start.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import {
  DEFAULT_SEED,
  DEFAULT_START_MS,
  syntheticExchange,
} from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { bybitOptions } from "#services/shared/bybit-options.ts";
import { type SignalSource, signalSourceOf } from "#services/shared/signal-source.ts";
import type { LocalConfig } from "./config.ts";
import type { LocalOptions } from "./options.ts";

export interface LocalExchange {
  readonly market: MarketData;
  readonly clock: Clock;
  /** How many times faster than real time the clock runs; 0: it is stopped. */
  readonly speed: number;
  /** Sets the clock forward; null for a clock that is not simulated. */
  readonly advance: ((ms: number) => void) | null;
  /** Where a recording ends; null for a market without an end. */
  readonly endMs: number | null;
  /** Describes the source of the prices. Simulated prices are always labelled as simulated. */
  readonly description: string;
  readonly simulated: boolean;
  /** The same for the ledger. */
  readonly source: SignalSource;
  /** Of the synthetic exchange. */
  readonly seed: number | null;
  /** What was ignored, for example files that are not recordings. */
  readonly notes: readonly string[];
}

/** A local simulator needs no rate limit. */
const SIMULATOR_REQUESTS_PER_SECOND = 1_000;
/** What is missing there stays missing; only an exchange is a moment late with a candle. */
const SIMULATOR_REFETCH_DELAYS_MS = [10];

/** Opens the requested market, and never another one. */
export async function openExchange(
  scope: Pick<ServiceScope, "own" | "stopping">,
  options: LocalOptions,
  config: LocalConfig,
  logger: Logger,
): Promise<LocalExchange> {
  if (options.market === "bybit") {
    const clock = systemClock;
    const market = makeBybitMarketData({
      ...bybitOptions(config),
      stopping: scope.stopping,
      logger,
    });
    const where = config.bybitBaseUrl ?? (config.bybitTestnet ? "testnet" : "live");
    return {
      market,
      clock,
      speed: 1,
      advance: null,
      endMs: null,
      description: `Bybit, ${where}`,
      simulated: false,
      source: signalSourceOf(config),
      seed: null,
      notes: [],
    };
  }

  const { source, startMs, endMs, description, seed, notes } = await openSource(options);
  const speed = options.speed ?? (options.once ? 0 : 1);
  const fromMs = options.fromMs ?? startMs;
  const simulated = fromMs === null ? null : simulatedClock(fromMs, speed);
  const clock = simulated ?? systemClock;
  const simulator = await startExchangeSimulator({ source, clock });
  scope.own(simulator, (server) => server.close());
  const market = makeBybitMarketData({
    baseUrl: simulator.url,
    requestsPerSecond: SIMULATOR_REQUESTS_PER_SECOND,
    refetchDelaysMs: SIMULATOR_REFETCH_DELAYS_MS,
    logger,
  });
  return {
    market,
    clock,
    speed: fromMs === null ? 1 : speed,
    advance: simulated === null ? null : (ms) => simulated.advance(ms),
    endMs,
    description,
    simulated: true,
    source: { market: options.market, simulated: true },
    seed,
    notes,
  };
}

async function openSource(options: LocalOptions): Promise<{
  source: ExchangeSource;
  /** Null: now. */
  startMs: number | null;
  /** Null: it has no end. */
  endMs: number | null;
  description: string;
  seed: number | null;
  notes: readonly string[];
}> {
  if (options.data !== null) {
    const recorded = await openRecording(options.data);
    return {
      source: recorded,
      startMs: defaultReplayStartMs(recorded),
      endMs: Math.max(...recorded.coverage().map(({ toMs }) => toMs)),
      description: `replay of the recorded candles in ${options.data}`,
      seed: null,
      notes: recorded.notes,
    };
  }
  const seed = options.seed ?? DEFAULT_SEED;
  return {
    source: syntheticExchange({ seed }),
    startMs: options.once || options.speed !== null ? DEFAULT_START_MS : null,
    endMs: null,
    description: `synthetic exchange, seed ${seed}: all prices are simulated`,
    seed,
    notes: [],
  };
}

/** A folder that cannot be replayed is an invalid argument. */
async function openRecording(directory: string) {
  try {
    return await recordedExchange({ directory, nowMs: systemClock.nowMs() });
  } catch (error) {
    if (error instanceof InputError)
      throw new ConfigurationError(`--data: ${error.message}`, { cause: error });
    throw error;
  }
}
