import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FAULTS } from "#libs/contracts/faults.ts";
import { simulatedClock } from "#libs/runtime/clock.ts";
import type { FreshPulse, PulseStore } from "#libs/store/pulse-store.ts";
import { makeAnalyzerPulse } from "#services/analyzer/analyzer-pulse.ts";
import { type PulseParts, startPulse } from "#services/shared/pulse.ts";
import { capturedLogger } from "#test/support/captured-logger.ts";
import { eventually } from "#test/support/eventually.ts";
import { finderPulse } from "#test/support/factories/pulses.ts";
import { type PipelineWorld, type Stores, startWorld } from "#test/support/pipeline-world.ts";

const NOW_MS = Date.UTC(2026, 0, 15, 12, 0, 10);

describe("the pulse of a process", () => {
  let world: PipelineWorld;
  let stores: Stores;
  let log: ReturnType<typeof capturedLogger>;

  beforeAll(async () => {
    world = await startWorld({ nowMs: NOW_MS });
  });
  afterAll(() => world?.close());
  beforeEach(async () => {
    await world.reset();
    stores = world.stores(await world.tables());
    log = capturedLogger();
  });

  const partsOf = (overrides: Partial<PulseParts> = {}): PulseParts => ({
    store: stores.pulses,
    clock: world.clock,
    worker: "host:1",
    logger: log.logger,
    ...overrides,
  });
  /** The port, with each pulse kept that was stored. */
  function kept(store: PulseStore): PulseStore & { readonly stored: FreshPulse[] } {
    const stored: FreshPulse[] = [];
    return {
      stored,
      all: () => store.all(),
      async put(pulse) {
        await store.put(pulse);
        stored.push(pulse);
      },
    };
  }

  it("is stored at the start, and at the stop with the figures until then", async () => {
    const figures = makeAnalyzerPulse(world.clock);
    const pulse = startPulse(partsOf(), { each: "minute", read: figures.read });
    await eventually("the first is stored", async () => (await stores.pulses.all()).length === 1);
    expect(await stores.pulses.all()).toMatchObject([
      { service: "analyzer", worker: "host:1", startedAt: NOW_MS, stoppedAt: null, total: { done: 0 } },
    ]);
    figures.observe("done");
    figures.observe("failed");
    world.clock.advance(5_000);
    await pulse.close();
    const last = {
      startedAt: NOW_MS,
      writtenAt: NOW_MS + 5_000,
      stoppedAt: NOW_MS + 5_000,
      lastWorkAt: NOW_MS,
      total: { done: 1, failed: 1, retries: 0, deadLetters: 0 },
      lastMinute: { done: 1, failed: 1 },
    };
    expect(await stores.pulses.all()).toMatchObject([last]);
    await pulse.close();
    pulse.beat();
    expect(await stores.pulses.all()).toMatchObject([last]);
  });

  it("is stored once in each minute of a clock of any speed, half a minute after it began", async () => {
    const clock = simulatedClock(NOW_MS, 300);
    const store = kept(stores.pulses);
    const figures = makeAnalyzerPulse(clock);
    const pulse = startPulse(partsOf({ clock, speed: 300, store }), { each: "minute", read: figures.read });
    await eventually("six minutes have passed", () => store.stored.length >= 6);
    await pulse.close();
    const [, ...timed] = store.stored.slice(0, -1).map(({ writtenAt }) => writtenAt);
    const minutes = timed.map((ms) => Math.floor((ms - 30_000) / 60_000));
    expect(new Set(minutes).size).toBe(minutes.length);
  });

  it("is stored when the service asks for it, where its runs are the clock", async () => {
    const store = kept(stores.pulses);
    const pulse = startPulse(partsOf({ store }), {
      each: "run",
      read: (frame) => ({ ...finderPulse(), ...frame }),
    });
    expect(store.stored).toEqual([]);
    pulse.beat();
    pulse.beat();
    await eventually("it is stored", () => store.stored.length > 0);
    await pulse.close();
    expect(store.stored.map(({ stoppedAt }) => stoppedAt)).toEqual([null, NOW_MS]);
  });

  it("is logged as a fault when it cannot be stored, and followed by the next one", async () => {
    let isAway = true;
    const store = kept({
      all: () => stores.pulses.all(),
      put: (pulse) => (isAway ? Promise.reject(new Error("the database is away")) : stores.pulses.put(pulse)),
    });
    const figures = makeAnalyzerPulse(world.clock);
    const pulse = startPulse(partsOf({ store }), { each: "run", read: figures.read });
    pulse.beat();
    figures.observe("done");
    await eventually("the fault is logged", () => log.text().includes(FAULTS.pulseMissed.metric));
    expect(log.text()).toContain("the database is away");
    isAway = false;
    await pulse.close();
    expect(await stores.pulses.all()).toMatchObject([{ total: { done: 1 } }]);
  });

  it("does not keep a process that stops, while the database gives no answer", async () => {
    const silent: PulseStore = { put: () => new Promise(() => {}), all: async () => [] };
    const pulse = startPulse(partsOf({ store: silent }), { each: "minute", read: () => finderPulse() });
    await pulse.close();
  }, 10_000);
});
