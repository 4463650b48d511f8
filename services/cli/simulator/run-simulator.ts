import { ConfigurationError } from "#libs/config/configuration.ts";
import { callersFolder } from "#libs/config/environment.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { simulatedClock, systemClock } from "#libs/runtime/clock.ts";
import type { ServiceScope } from "#libs/runtime/lifecycle.ts";
import { type RecordedExchange, recordedExchange } from "#libs/simulator/recorded/recorded-exchange.ts";
import { defaultReplayStartMs } from "#libs/simulator/recorded/replay-start.ts";
import { startExchangeSimulator } from "#libs/simulator/server.ts";
import type { ExchangeSource } from "#libs/simulator/source.ts";
import {
  DEFAULT_SEED,
  DEFAULT_START_MS,
  syntheticExchange,
} from "#libs/simulator/synthetic/synthetic-exchange.ts";
import { print, printError } from "#libs/terminal/terminal.ts";
import { callersPath } from "#services/shared/arguments.ts";
import { parseSimulatorArguments, type SimulatorArguments } from "./simulator-arguments.ts";

/** `npm run simulator`: serves a simulated Bybit until it is stopped. */
export async function runSimulator(
  args: readonly string[],
  scope: Pick<ServiceScope, "environment" | "own" | "untilStopped">,
): Promise<number> {
  const parsed = parseSimulatorArguments(args, print);
  if (parsed === null) return 0;
  const folder = callersFolder(scope.environment);
  const given = parsed.data === undefined ? parsed : { ...parsed, data: callersPath(folder, parsed.data) };
  const { source, replay } = await openSource(given);
  const startMs = given.from ?? (replay === null ? syntheticStart(given) : defaultReplayStartMs(replay));
  const speed = given.speed ?? 1;
  const clock = startMs === null ? systemClock : simulatedClock(startMs, speed);
  const simulator = await listen(() =>
    startExchangeSimulator({ source, clock, port: given.port, host: given.host }),
  );
  scope.own(simulator, (server) => server.close());

  for (const note of source.notes) printError(`${note}\n`);
  const time = new Date(clock.nowMs()).toISOString();
  const pace = startMs === null ? "real time" : speed === 0 ? "stopped" : `at ${speed} times real time`;
  print(`${source.description}\n`);
  print(`exchange simulator at ${simulator.url} (clock ${time}, ${pace})\n`);
  print(`use it with BYBIT_BASE_URL=${simulator.url}; faults: POST ${simulator.url}/__faults\n`);
  await scope.untilStopped();
  return 0;
}

/** A synthetic market without a given start shows the current time, unless a speed is given. */
function syntheticStart(given: SimulatorArguments): number | null {
  return given.speed === undefined ? null : DEFAULT_START_MS;
}

async function openSource(
  given: SimulatorArguments,
): Promise<{ source: ExchangeSource; replay: RecordedExchange | null }> {
  if (given.data === undefined) {
    return { source: syntheticExchange({ seed: given.seed ?? DEFAULT_SEED }), replay: null };
  }
  try {
    const replay = await recordedExchange({ directory: given.data, nowMs: systemClock.nowMs() });
    return { source: replay, replay };
  } catch (error) {
    if (error instanceof InputError) throw new ConfigurationError(error.message, { cause: error });
    throw error;
  }
}

/** A port that is taken, or an address of another machine, is a wrong argument and not a bug. */
async function listen<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    throw new ConfigurationError(`cannot listen: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
