import { DAY_MS } from "#libs/candles/timeframe.ts";
import { ConfigurationError } from "#libs/config/configuration.ts";
import { makeBybitMarketData } from "#libs/market/bybit/bybit-market-data.ts";
import type { MarketData } from "#libs/market/market-data.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { type Clock, simulatedClock, stoppingClock, systemClock } from "#libs/runtime/clock.ts";
import type { ServiceScope } from "#libs/runtime/lifecycle.ts";
import type { Logger } from "#libs/runtime/logging.ts";
import { type RecordedExchange, recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import {
  defaultReplayStartMs,
  type ReplayRange,
  replayRange,
  runningReplayStartMs,
} from "#libs/simulator/recorded/replay-start.ts";
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
  /** Where a replay starts and the end of its last candle; null: prices do not end. */
  readonly replay: { readonly startMs: number; readonly endMs: number } | null;
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
      replay: null,
    };
  }

  const speed = options.speed ?? (options.once ? 0 : 1);
  const { source, startMs, endMs, description, seed, notes } = await openSource(options, speed, config);
  const simulated = startMs === null ? null : simulatedClock(startMs, speed);
  const clock = clockFrom(simulated, endMs);
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
    speed: startMs === null ? 1 : speed,
    advance: simulated === null ? null : (ms) => simulated.advance(ms),
    endMs,
    description,
    simulated: true,
    source: { market: options.market, simulated: true },
    seed,
    notes,
    replay: startMs === null || endMs === null ? null : { startMs, endMs },
  };
}

/** The last candle has closed, and its minute's selection is made. */
const AFTER_THE_END_MS = 30_000;

function clockFrom(simulated: Clock | null, endMs: number | null): Clock {
  if (simulated === null) return systemClock;
  // After the last candle all candles are missing.
  return endMs === null ? simulated : stoppingClock(simulated, endMs + AFTER_THE_END_MS);
}

async function openSource(
  options: LocalOptions,
  speed: number,
  config: LocalConfig,
): Promise<{
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
    const range = replayRange(recorded);
    return {
      source: recorded,
      startMs: replayStartMs(options, speed, config, recorded),
      endMs: range.toMs,
      description: `replay of the recorded candles in ${options.data}, ${rangeText(range)}`,
      seed: null,
      notes: recorded.notes,
    };
  }
  const seed = options.seed ?? DEFAULT_SEED;
  const byDefault = options.once || options.speed !== null ? DEFAULT_START_MS : null;
  return {
    source: syntheticExchange({ seed }),
    startMs: options.fromMs ?? byDefault,
    endMs: null,
    description: `synthetic exchange, seed ${seed}: all prices are simulated`,
    seed,
    notes: [],
  };
}

/** What a running replay leaves to replay at least. */
const LEAST_REPLAY_MS = DAY_MS;

/** @throws ConfigurationError for a moment of which nothing is recorded. */
function replayStartMs(
  { fromMs }: LocalOptions,
  speed: number,
  config: LocalConfig,
  recorded: RecordedExchange,
): number {
  const range = replayRange(recorded);
  if (fromMs !== null) {
    if (fromMs > range.fromMs && fromMs <= range.toMs) return fromMs;
    throw new ConfigurationError(
      `--from ${showMinute(fromMs)} lies outside of the recording, which covers ${rangeText(range)}: ` +
        "choose a moment within it, or leave --from out",
    );
  }
  if (speed === 0) return defaultReplayStartMs(recorded);
  const histories = config.timeframes.map((timeframe) => config.backtestDays[timeframe] * DAY_MS);
  return runningReplayStartMs(range, histories, LEAST_REPLAY_MS);
}

function rangeText({ fromMs, toMs }: ReplayRange): string {
  return `${showMinute(fromMs)} to ${showMinute(toMs)}`;
}

function showMinute(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16)}Z`;
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
