import { simulatedClock } from "#libs/runtime/clock.ts";
import {
  type ExchangeSimulator,
  type SimulatorOptions,
  startExchangeSimulator,
} from "#libs/simulator/server.ts";
import { DEFAULT_START_MS, syntheticExchange } from "#libs/simulator/synthetic/synthetic-exchange.ts";

const running: ExchangeSimulator[] = [];

/** A simulator on a free port, synthetic and with a clock that stands still unless told otherwise. */
export async function startSimulator(overrides: Partial<SimulatorOptions> = {}): Promise<ExchangeSimulator> {
  const simulator = await startExchangeSimulator({
    source: syntheticExchange(),
    clock: simulatedClock(DEFAULT_START_MS, 0),
    ...overrides,
  });
  running.push(simulator);
  return simulator;
}

/** For `afterEach`. */
export async function closeSimulators(): Promise<void> {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
}
