import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeInstrumentCatalog } from "#libs/market/instrument-catalog.ts";
import { type PipelineWorld, startWorld } from "#test/support/pipeline-world.ts";

const MINUTE_MS = 60_000;

describe("the finder's instruments", () => {
  let world: PipelineWorld;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.close());
  beforeEach(() => world.reset());

  /** A catalog, and how many calls it has made. */
  function catalog() {
    const path = "/v5/market/instruments-info";
    const before = world.simulator.requests().byPath[path] ?? 0;
    return {
      instruments: makeInstrumentCatalog(world.market(), world.clock),
      calls: () => (world.simulator.requests().byPath[path] ?? 0) - before,
    };
  }

  it("come out of one call for all symbols, shared by those who ask at the same time", async () => {
    const { instruments, calls } = catalog();
    const found = await Promise.all(["BTCUSDT", "ETHUSDT", "BTCUSDT"].map((name) => instruments.find(name)));
    expect(found.map(({ symbol }) => symbol)).toEqual(["BTCUSDT", "ETHUSDT", "BTCUSDT"]);
    await instruments.find("SOLUSDT");
    expect(calls()).toBe(1);
  });

  it("are asked for again after an hour, for tick sizes change", async () => {
    const { instruments, calls } = catalog();
    await instruments.find("BTCUSDT");
    world.clock.advance(60 * MINUTE_MS);
    await instruments.find("BTCUSDT");
    expect(calls()).toBe(1);
    world.clock.advance(1);
    await instruments.find("BTCUSDT");
    expect(calls()).toBe(2);
  });

  it("are asked for again for a symbol that is not among them, once a minute at most", async () => {
    const { instruments, calls } = catalog();
    const ghost = () =>
      expect(instruments.find("GHOSTUSDT")).rejects.toMatchObject({ kind: "unknown-symbol" });
    await ghost();
    await ghost();
    expect(calls()).toBe(1);
    world.clock.advance(MINUTE_MS + 1);
    await ghost();
    await ghost();
    expect(calls()).toBe(2);
  });

  it("are asked for again after a failure", async () => {
    const { instruments } = catalog();
    world.simulator.setFaults({ faults: [{ kind: "http-500", times: 1 }] });
    await expect(instruments.find("BTCUSDT")).rejects.toMatchObject({ kind: "retryable" });
    expect((await instruments.find("BTCUSDT")).tickSize).toBe("0.10");
  });
});
